// What pages have in common that show a picture before and after: choosing one, the slider, the camera, downloading.
// A page beside this has an async function `show()`, which is called with a new `picture` and `file`, and calls `shown`.
const $ = id => document.getElementById(id);
let file = null;      // Blob that was chosen last
let picture = null;   // ImageBitmap of it; null where the browser reads no such files
let name = "picture";
let made = "translated";  // what a result is, for the name of its file
let turn = 0;         // number of the last result that was asked for
let result = null;    // Blob that can be downloaded

function say(text) { $("status").textContent = text; }

async function open(blob, called = "picture") {
  const mine = ++turn;
  const opened = await createImageBitmap(blob).catch(() => null);
  if (mine !== turn) return;
  [file, picture, name] = [blob, opened, called.replace(/\.[^.]*$/, "") || "picture"];
  await show();
}

// The picture in the canvas `before`, and room for the result in the canvas `after`.
function drawBefore(width, height) {
  for (const id of ["before", "after"]) Object.assign($(id), { width, height });
  const before = $("before").getContext("2d", { willReadFrequently: true });
  before.fillStyle = "#fff";  // behind what is transparent
  before.fillRect(0, 0, width, height);
  before.imageSmoothingQuality = "high";
  if (picture) before.drawImage(picture, 0, 0, width, height);
  $("empty").hidden = true;
  $("stage").hidden = $("place").hidden = false;
  $("stage").classList.toggle("small", Math.max(width, height) < 256);
  return before;
}

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

$("file").onchange = () => { if ($("file").files[0]) open($("file").files[0], $("file").files[0].name); };
$("side").onchange = () => { if (file) show(); };
addEventListener("paste", event => {
  const pasted = [...event.clipboardData.files].find(each => each.type.startsWith("image/"));
  if (pasted) open(pasted, "pasted");
});
addEventListener("dragover", event => { event.preventDefault(); $("card").classList.add("over"); });
addEventListener("dragleave", () => $("card").classList.remove("over"));
addEventListener("drop", event => {
  event.preventDefault();
  $("card").classList.remove("over");
  const dropped = event.dataTransfer.files[0];
  if (dropped) open(dropped, dropped.name);
});

// What can be downloaded from now on; null: nothing.
function offer(blob) {
  result = blob;
  $("download").disabled = !blob;
}
$("download").onclick = () => {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(result), download: `${name}-${made}.png` });
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
$("take").onclick = async () => {
  const video = $("video"), canvas = document.createElement("canvas");
  Object.assign(canvas, { width: video.videoWidth, height: video.videoHeight }).getContext("2d").drawImage(video, 0, 0);
  stopCamera();
  canvas.toBlob(blob => blob && open(blob, "camera"));
};
$("cancel").onclick = stopCamera;
$("shot").oncancel = stopCamera;
