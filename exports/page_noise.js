// Draws of NumPy's RandomState(seed).standard_normal(): the Mersenne Twister MT19937 (Matsumoto and Nishimura 1998), its
// numbers of 53 bits, and pairs of them by the polar method (Marsaglia and Bray 1964).
function* normal(seed) {
  const words = twister(seed);
  const unit = () => ((words.next().value >>> 5) * 67108864 + (words.next().value >>> 6)) / 9007199254740992;
  while (true) {
    const [x, y] = [2 * unit() - 1, 2 * unit() - 1], square = x * x + y * y;
    if (square >= 1 || square === 0) continue;
    const factor = Math.sqrt((-2 * Math.log(square)) / square);
    yield factor * y;
    yield factor * x;
  }
}

// Integers of 32 bits.
function* twister(seed) {
  const size = 624, state = new Uint32Array(size);
  state[0] = seed;
  for (let i = 1; i < size; i++) state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  while (true) {
    for (let i = 0; i < size; i++) {
      const word = (state[i] & 0x80000000) | (state[(i + 1) % size] & 0x7fffffff);
      state[i] = state[(i + 397) % size] ^ (word >>> 1) ^ (word & 1 ? 0x9908b0df : 0);
    }
    for (let word of state) {
      word ^= word >>> 11;
      word ^= (word << 7) & 0x9d2c5680;
      word ^= (word << 15) & 0xefc60000;
      yield (word ^ (word >>> 18)) >>> 0;
    }
  }
}
