"""The ground floor: errors, options, command lines, files, the terminal, the machine, TensorFlow."""
