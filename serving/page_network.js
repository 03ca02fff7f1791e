// What computes in the page of a server: the server, which gets one request at a time.
let asked = new AbortController();  // of the request that is on its way

async function sent(path, body) {
  if (body?.size > network.body_bytes) throw Error(`That file has more than ${network.body_bytes / 1e6} MB.`);
  asked.abort();
  asked = new AbortController();
  const answer = await fetch(path, { method: "POST", body, signal: asked.signal }).catch(() => {
    throw Error("The server does not answer.");
  });
  if (answer.ok) return answer;
  const { error } = await answer.json().catch(() => ({ error: `the server answers ${answer.status}` }));
  throw Error(`That did not work: ${error}.`);
}

async function translate() {
  const query = new URLSearchParams({ direction: $("direction").value }), side = $("side").value;
  if (side === "training") query.set("size", side);
  else if (side !== "0") query.set("max_side", side);
  const blob = await (await sent(`translate?${query}`, file)).blob();
  return { image: await createImageBitmap(blob), blob };
}

async function classify() { return (await (await sent("classify", file)).json()).classes; }

async function generate(seed, count) { return (await sent(`generate?${new URLSearchParams({ seed, count })}`)).blob(); }
