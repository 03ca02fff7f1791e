// Pictures brought to the size that a network takes, to the very levels of inputs/preprocess.py. A picture is levels of
// RGBA with their width and height, as ImageData has them.

// What `held_out_image` does: resized, and where the training crops, the middle of it.
function fitted(image, { preprocess, load_size, image_size }) {
  const { width, height } = image;
  const sizes = {
    resize_and_crop: [image_size, image_size],
    pad_and_crop: [image_size, image_size],
    scale_and_crop: [width, height].map(side => toEven((side * load_size) / Math.min(width, height))),
    scale_width_and_crop: [load_size, Math.max(Math.floor((height * load_size) / width), image_size)],
    crop: [width, height],
  };
  const [columns, rows] = sizes[preprocess];
  if (Math.min(columns, rows) < image_size) throw Error(`The network takes pictures of ${image_size} px and more.`);
  const scaled = resized(image, columns, rows);
  return cropped(scaled, Math.floor((columns - image_size) / 2), Math.floor((rows - image_size) / 2), image_size);
}

// The nearest whole number, of two as near the even one.
function toEven(x) { return x % 1 === 0.5 ? 2 * Math.round(x / 2) : Math.round(x); }

function cropped({ data, width }, left, top, side) {
  const kept = new Uint8ClampedArray(4 * side * side);
  for (let row = 0; row < side; row++) {
    const start = 4 * ((top + row) * width + left);
    kept.set(data.subarray(start, start + 4 * side), 4 * side * row);
  }
  return { data: kept, width: side, height: side };
}

// Pillow's bicubic filter, which reaches further where it makes smaller: first the rows, then the columns.
function resized(image, width, height) {
  const narrow = image.width === width ? image : alongRows(image, width);
  return narrow.height === height ? narrow : turned(alongRows(turned(narrow), height));
}

function alongRows({ data, width: before, height }, width) {
  const result = new Uint8ClampedArray(4 * width * height);
  const windows = Array.from({ length: width }, (_, x) => taps(x, before, width));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const { first, weights } = windows[x];
      for (let c = 0; c < 4; c++) {
        let sum = 2 ** 21, place = 4 * (y * before + first) + c;
        for (let i = 0; i < weights.length; i++, place += 4) sum += weights[i] * data[place];
        result[4 * (y * width + x) + c] = Math.floor(sum / 2 ** 22);
      }
    }
  return { data: result, width, height };
}

// The pixels that one of the result is made of, and their weights in whole 2 ** -22ths.
function taps(x, before, after) {
  const scale = before / after, stretch = Math.max(1, scale), center = (x + 0.5) * scale, reach = 2 * stretch;
  const first = Math.max(0, Math.trunc(center - reach + 0.5)), end = Math.min(before, Math.trunc(center + reach + 0.5));
  const weights = Array.from({ length: end - first }, (_, i) => cubic((i + first - center + 0.5) * (1 / stretch)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return { first, weights: weights.map(w => Math.trunc((w / total) * 2 ** 22 + Math.sign(w) * 0.5)) };
}

// Keys 1981, with a = -0.5.
function cubic(x) {
  const a = -0.5, t = Math.abs(x);
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? (((t - 5) * t + 8) * t - 4) * a : 0;
}

// Rows as columns.
function turned({ data, width, height }) {
  const result = new Uint8ClampedArray(data.length), [from, to] = [new Uint32Array(data.buffer), new Uint32Array(result.buffer)];
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) to[x * height + y] = from[y * width + x];
  return { data: result, width: height, height: width };
}
