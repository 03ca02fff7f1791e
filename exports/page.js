// What a page does for its user: choosing a picture, the slider, the camera, classes, a seed, downloading. What computes
// stands in the script after this one: `translate`, `classify` and `generate`, whose errors are told as they are.
const $ = id => document.getElementById(id);
const network = JSON.parse($("network").textContent);
let file = null;      // Blob that was chosen last
let picture = null;   // ImageBitmap of it; null where the browser reads no such files
let name = "picture";  // of what can be downloaded
let turn = 0;         // number of the last result that was asked for
let result = null;    // Blob that can be downloaded

function say(text) { $("status").textContent = text; }

// Says what is done, asks for a result, and has it shown, unless another was asked for since; `show` gives words for it.
async function ask(doing, question, show) {
  const mine = ++turn, started = performance.now();
  offer(null);
  say(doing);
  $("card").setAttribute("aria-busy", "true");
  try {
    const answer = await question();
    if (mine === turn) say(`${show(answer)} in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
  } catch (error) {
    if (mine === turn) say(error.message);
  } finally {
    if (mine === turn) $("card").removeAttribute("aria-busy");
  }
}

async function open(blob, called = "picture") {
  const mine = ++turn;
  const opened = await createImageBitmap(blob).catch(() => null);
  if (mine !== turn) return;
  [file, picture, name] = [blob, opened, called.replace(/\.[^.]*$/, "") || "picture"];
  look();
}

// The picture that was chosen: translated, or its classes.
function look() {
  if (picture) {
    const longest = Math.max(picture.width, picture.height), most = Number($("side").value) || longest;
    const scale = Math.min(1, most / longest);
    drawBefore(Math.max(1, Math.round(picture.width * scale)), Math.max(1, Math.round(picture.height * scale)));
  }
  $("shares").hidden = true;
  if (network.task === "classify") ask("Looking …", classify, showShares);
  else ask("Translating …", translate, showTranslated);
}

// The picture in the canvas `before`, and room for the result in the canvas `after`.
function drawBefore(width, height) {
  if (picture) draw($("before"), picture, width, height);
  else Object.assign($("before"), { width, height });
  Object.assign($("after"), { width, height });
  $("empty").hidden = true;
  $("stage").hidden = $("place").hidden = false;
  $("stage").classList.toggle("small", Math.max(width, height) < 256);
}

// A picture that fills a canvas of a size; gives the canvas.
function draw(canvas, picture, width, height) {
  Object.assign(canvas, { width, height });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.fillStyle = "#fff";  // behind what is transparent
  pen.fillRect(0, 0, width, height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, 0, 0, width, height);
  return canvas;
}

// An image, and the Blob of its file.
function showTranslated({ image, blob }) {
  const { width, height } = image;
  drawBefore(width, height);
  $("after").getContext("2d").drawImage(image, 0, 0);
  offer(blob, `${name}-translated`);
  return `${width} × ${height} px`;
}

// Classes with their shares, the largest first.
function showShares(classes) {
  $("shares").replaceChildren(...classes.map(({ name, share }) => {
    const row = document.createElement("li"), word = document.createElement("b"), number = document.createElement("span");
    const bar = Object.assign(document.createElement("progress"), { max: 1, value: share });
    word.textContent = name;
    number.textContent = `${(100 * share).toFixed(1)} %`;
    bar.setAttribute("aria-hidden", "true");
    row.append(word, bar, number);
    return row;
  }));
  $("shares").hidden = false;
  return `Most likely ${classes[0].name},`;
}

// Images of noise, as a picture with all of them.
function make() {
  const seed = Number($("seed").value), count = Number($("count").value);
  ask("Making …", () => generate(seed, count), blob => {
    URL.revokeObjectURL($("made").src);
    Object.assign($("made"), { src: URL.createObjectURL(blob), alt: `${count} images of seed ${seed}`, hidden: false });
    offer(blob, `seed-${seed}-generated`);
    return `Seed ${seed}: ${count === 1 ? "one image" : `${count} images`}`;
  });
}
$("making").onsubmit = event => { event.preventDefault(); make(); };
$("another").onclick = () => { $("seed").value = Math.floor(Math.random() * 2 ** 32); make(); };

function move(percent) {
  $("stage").style.setProperty("--place", `${percent}%`);
  $("place").value = percent;
}
function drag(event) {
  const box = $("stage").getBoundingClientRect();
  move(Math.min(100, Math.max(0, (100 * (event.clientX - box.left)) / box.width)));
}
$("place").oninput = () => move($("place").value);
$("stage").onpointerdown = event => { $("stage").setPointerCapture(event.pointerId); drag(event); };
$("stage").onpointermove = event => { if (event.buttons) drag(event); };

const takesPictures = network.task !== "generate";
$("file").onchange = () => { if ($("file").files[0]) open($("file").files[0], $("file").files[0].name); };
$("side").onchange = $("direction").onchange = () => { if (file) look(); };
$("towards").hidden = network.models.length === 1;
addEventListener("paste", event => {
  const pasted = [...event.clipboardData.files].find(each => each.type.startsWith("image/"));
  if (pasted && takesPictures) open(pasted, "pasted");
});
addEventListener("dragover", event => { event.preventDefault(); $("card").classList.toggle("over", takesPictures); });
addEventListener("dragleave", () => $("card").classList.remove("over"));
addEventListener("drop", event => {
  event.preventDefault();
  $("card").classList.remove("over");
  const dropped = event.dataTransfer.files[0];
  if (dropped && takesPictures) open(dropped, dropped.name);
});

// What can be downloaded from now on, and the name of its file; null: nothing.
function offer(blob, called = "") {
  result = blob && new File([blob], `${called}.png`);
  $("download").disabled = !blob;
}
$("download").onclick = () => {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(result), download: result.name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};

function stopCamera() {
  for (const track of $("video").srcObject?.getTracks() ?? []) track.stop();
  $("video").srcObject = null;
  $("shot").close();
}
$("camera").onclick = async () => {
  try {
    $("video").srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    $("shot").showModal();
  } catch {
    say("There is no camera that this page may use.");
  }
};
$("take").onclick = () => {
  const canvas = draw(document.createElement("canvas"), $("video"), $("video").videoWidth, $("video").videoHeight);
  stopCamera();
  canvas.toBlob(blob => blob && open(blob, "camera"));
};
$("cancel").onclick = stopCamera;
$("shot").oncancel = stopCamera;
