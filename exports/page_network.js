// What computes in the page of an export: ONNX Runtime with the network, both of which are parts of the page.
const channels = network.shape.at(-1);

// The parts of this file, which are gzip in base64.
async function part(id) {
  const text = $(id).textContent;
  $(id).remove();
  const packed = Uint8Array.fromBase64 ? Uint8Array.fromBase64(text) : Uint8Array.from(atob(text), c => c.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

async function load() {
  try {
    const code = new Blob([await part("runtime")], { type: "text/javascript" });
    const ort = await import(URL.createObjectURL(code));
    ort.env.wasm.wasmBinary = await part("wasm");
    ort.env.wasm.numThreads = 1;
    const session = await ort.InferenceSession.create(await part("model"), { executionProviders: ["wasm"] });
    return { ort, session };
  } catch (error) {
    console.error(error);
    throw Error("This browser cannot run the network: it needs WebAssembly with SIMD, and DecompressionStream.");
  }
}
const loaded = load();
loaded.then(() => turn || say("Ready."), error => turn || say(error.message));

// What the network makes of floats, once the page has shown what it does; floats and their shape.
async function compute(values, shape) {
  const { ort, session } = await loaded;
  await new Promise(resolve => setTimeout(resolve, 50));
  try {
    const results = await session.run({ [network.source]: new ort.Tensor("float32", values, shape) });
    const { data, dims } = results[network.result];
    return { values: data, shape: dims };
  } catch (error) {
    console.error(error);
    const hint = network.task === "translate" ? ": choose a shorter longest side" : "";
    throw Error(`That did not work, maybe for lack of memory${hint}.`);
  }
}

// Levels of RGBA as floats of the network's channels.
function toValues(rgba) {
  const count = rgba.length / 4, values = new Float32Array(count * channels);
  for (let i = 0; i < count; i++)
    for (let c = 0; c < channels; c++) values[channels * i + c] = (channels === 1 ? luma(rgba, i) : rgba[4 * i + c]) / 127.5 - 1;
  return values;
}
function luma(rgba, i) { return (rgba[4 * i] * 19595 + rgba[4 * i + 1] * 38470 + rgba[4 * i + 2] * 7471 + 0x8000) >> 16; }

// Floats of one or three planes as levels of RGBA.
function toLevels(values, planes) {
  const count = values.length / planes, levels = new Uint8ClampedArray(4 * count).fill(255);  // rounds to the nearest level
  for (let i = 0; i < count; i++)
    for (let c = 0; c < 3; c++) levels[4 * i + c] = (values[planes * i + (planes === 1 ? 0 : c)] + 1) * 127.5;
  return levels;
}
Object.assign(window, { compute, toValues, toLevels });  // for what tries the page

function toCanvas(levels, width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").putImageData(new ImageData(levels, width, height), 0, 0);
  return canvas;
}
function toBlob(canvas) { return new Promise(resolve => canvas.toBlob(resolve)); }

function levelsOf(canvas) { return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height); }
function checkPicture() {
  if (!picture) throw Error("That is no picture that this browser can read.");
}

async function translate() {
  checkPicture();
  const { data, width, height } = levelsOf($("before"));
  const { values, shape } = await compute(toValues(data), [1, height, width, channels]);
  const image = toCanvas(toLevels(values, shape[3]), width, height);
  return { image, blob: await toBlob(image) };
}

async function classify() {
  checkPicture();
  const whole = levelsOf(draw(document.createElement("canvas"), picture, picture.width, picture.height));
  if (channels === 1)
    for (let i = 0; i < whole.width * whole.height; i++) whole.data.fill(luma(whole.data, i), 4 * i, 4 * i + 3);
  const { values } = await compute(toValues(fitted(whole, network).data), network.shape);
  const classes = network.classes.map((name, index) => ({ name, share: values[index] }));
  return classes.sort((a, b) => b.share - a.share);
}

async function generate(seed, count) {
  const [batch, length] = network.shape, draws = normal(seed), images = [];
  while (images.length < count) {
    const noise = Float32Array.from({ length: batch * length }, () => draws.next().value);
    const { values, shape: [, height, width, planes] } = await compute(noise, network.shape);
    const size = values.length / batch;
    for (let start = 0; start < values.length && images.length < count; start += size)
      images.push(toCanvas(toLevels(values.subarray(start, start + size), planes), width, height));
  }
  return toBlob(grid(images));
}

// Images in lines of eight, small ones enlarged: the picture of `draw_grid` in training/samples.py.
function grid(images) {
  const gap = 2, columns = Math.min(8, images.length), lines = Math.ceil(images.length / columns);
  const times = Math.max(1, Math.floor(128 / Math.max(images[0].width, images[0].height)));
  const [width, height] = [images[0].width * times, images[0].height * times];
  const size = [gap + columns * (width + gap), gap + lines * (height + gap)];
  const canvas = Object.assign(document.createElement("canvas"), { width: size[0], height: size[1] });
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, ...size);
  pen.imageSmoothingEnabled = false;
  for (const [i, image] of images.entries())
    pen.drawImage(image, gap + (i % columns) * (width + gap), gap + Math.floor(i / columns) * (height + gap), width, height);
  return canvas;
}
