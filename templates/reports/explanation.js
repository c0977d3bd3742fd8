// What the page shows, and what its controls do.
function drawStage() {
  const { width, height, pixels } = loaded, canvas = get("stage"), context = canvas.getContext("2d");
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const shown = new ImageData(new Uint8ClampedArray(pixels.data), width, height), data = shown.data;
  const [red, green, blue] = object().rgb;
  for (let y = 0, place = 0; y < height; y++)
    for (let x = 0; x < width; x++, place++) {
      if (!current[place] && !original[place]) continue;
      const own = isEdge(original, place, x) && !current[place], edge = isEdge(current, place, x);
      if (!own && !current[place]) continue;
      const share = own || edge ? 1 : 0.5, at = 4 * place;
      data[at] += ((own ? 255 : red) - data[at]) * share;
      data[at + 1] += ((own ? 255 : green) - data[at + 1]) * share;
      data[at + 2] += ((own ? 255 : blue) - data[at + 2]) * share;
    }
  context.putImageData(shown, 0, 0);
  outline(context, object().box, `rgb(${object().rgb})`, [], 2);
}

function outline(context, [x1, y1, x2, y2], color, dash, width) {
  const scale = Math.max(loaded.width, loaded.height) / 640;
  context.save();
  context.setLineDash(dash.map((length) => length * scale));
  for (const [style, extra] of [["rgba(0, 0, 0, .55)", width < 1 ? 0 : 2], [color, 0]]) {
    Object.assign(context, { strokeStyle: style, lineWidth: (width + extra) * scale });
    context.strokeRect(x1, y1, x2 - x1, y2 - y1);
  }
  context.restore();
}

function render() {
  const { order } = object(), used = order.slice(0, state.terms);
  const sum = sumOf(state.weights, used), soft = sigmoid(sum), inside = cropped(soft);
  current = enlarge(state.crop ? inside : soft, state.threshold);
  let both = 0, either = 0, area = 0;
  for (let place = 0; place < current.length; place++) {
    both += current[place] & original[place];
    either += current[place] | original[place];
    area += current[place];
  }
  get("iou").textContent = (either ? both / either : 1).toFixed(3);
  get("area").textContent = area.toLocaleString("en");
  get("formula-threshold").textContent = state.threshold.toFixed(2).replace(/0$/, "");
  drawStage();
  const reach = object().reach;
  paint(get("step-sum"), sum, -reach, reach, TABLES.signed);
  paint(get("step-sigmoid"), soft, 0, 1, TABLES.grey);
  paint(get("step-crop"), state.crop ? inside : soft, 0, 1, TABLES.grey);
  paint(get("step-mask"), (state.crop ? inside : soft).map((value) => Number(value > state.threshold)), 0, 1, TABLES.grey);
  drawTerms(reach);
  remember();
}

let waiting = false;
function renderSoon() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; render(); });
}

function drawTerms(reach) {
  const sum = new Float64Array(loaded.area), { order, weights } = object();
  [...get("sliders").children].forEach((row, place) => {
    if (row.hidden) return;
    const k = order[place], weight = state.weights[k], start = k * loaded.area;
    for (let spot = 0; spot < loaded.area; spot++) sum[spot] += weight * loaded.prototypes[start + spot];
    paint(row.querySelector(".so-far"), sum, -reach, reach, TABLES.signed);
    row.classList.toggle("out", place >= state.terms);
    row.classList.toggle("changed", Math.abs(weight - weights[k]) > 0.005);
    row.querySelector(".number").textContent = signed(weight);
    const input = row.querySelector("input"), fill = row.querySelector(".fill");
    input.value = weight;
    input.setAttribute("aria-valuetext", signed(weight));
    Object.assign(fill.style, {
      left: `${50 + 50 * Math.min(weight, 0)}%`, width: `${50 * Math.abs(weight)}%`,
      background: weight < 0 ? "var(--minus)" : "var(--plus)",
    });
  });
  get("terms").value = state.terms;
  get("terms-value").textContent = `${state.terms} of ${order.length}`;
  get("threshold").value = state.threshold;
  get("threshold-value").textContent = state.threshold.toFixed(2);
  get("crop").checked = state.crop;
  get("crop-text").textContent = state.crop ? "cropped to the box" : "not cropped";
}

function buildTerms() {
  const { order, weights, shares } = object();
  get("sliders").replaceChildren(...order.map((k, place) => {
    const prototype = make("canvas", { title: `prototype ${k + 1}` });
    paint(prototype, loaded.prototypes.subarray(k * loaded.area, (k + 1) * loaded.area), 0, loaded.peaks[k], TABLES.light);
    const input = make("input", { type: "range", min: -1, max: 1, step: 0.01 });
    input.setAttribute("aria-label", `coefficient of prototype ${k + 1}`);
    input.addEventListener("input", () => { state.weights[k] = Number(input.value); renderSoon(); });
    const was = make("span", { className: "was" });
    was.style.left = `${50 + 50 * weights[k]}%`;
    const name = make("span", { className: "name" }, make("i", {}, "w"), make("sub", {}, String(k + 1)));
    name.append(make("span", { className: "share", title: "coefficient times prototype, mean in the box" }, `adds ${signed(shares[k])} in the box`));
    const row = make("li", { className: "term", hidden: place >= SHOWN_TERMS && !state.all },
      prototype,
      make("div", {}, make("div", { className: "top" }, name, make("span", { className: "value number" })),
        make("div", { className: "rail" }, make("div", { className: "groove" }, make("span", { className: "fill" }), was), input)),
      make("canvas", { className: "so-far", title: `the sum of the first ${place + 1}` }));
    row.dataset.prototype = k;
    return row;
  }));
  get("more").hidden = order.length <= SHOWN_TERMS;
  get("more").textContent = state.all ? `Show the ${SHOWN_TERMS} that matter most` : `Show all ${order.length}`;
}

function buildGallery() {
  get("gallery").replaceChildren(...loaded.peaks.map((peak, k) => {
    const canvas = make("canvas");
    paint(canvas, loaded.prototypes.subarray(k * loaded.area, (k + 1) * loaded.area), 0, peak, TABLES.light);
    return make("figure", {}, canvas, make("figcaption", {}, `v${k + 1}`));
  }));
}

function buildFunnel() {
  const most = Math.log(loaded.funnel[0][0] + 1);
  get("funnel").replaceChildren(...loaded.funnel.flatMap(([count, text]) => {
    const bar = make("i");
    bar.style.width = `${(100 * Math.log(count + 1)) / most}%`;
    return [make("b", {}, count.toLocaleString("en")), make("div", {}, bar, make("span", {}, text))];
  }));
}

// The candidates that lost to this one, directly or through others that lost to it.
function losersOf(winner) {
  const found = [], roots = new Set([winner]);
  loaded.candidates.forEach((candidate, place) => {
    if (!roots.has(candidate.rival)) return;
    roots.add(place);
    found.push({ ...candidate, through: candidate.rival !== winner });
  });
  return found;
}

function drawBoxes(highlighted = null) {
  const canvas = get("boxes"), context = canvas.getContext("2d");
  Object.assign(canvas, { width: loaded.width, height: loaded.height });
  context.putImageData(loaded.pixels, 0, 0);
  const own = loaded.candidates[object().source];
  if (highlighted) outline(context, highlighted.box, "#ffd43b", [], 3);
  else losersOf(object().source).forEach((loser) => outline(context, loser.box, "rgba(255, 212, 59, .7)", [], 0.9));
  outline(context, own.anchor, "#ffffff", [9, 7], 2);
  outline(context, own.box, `rgb(${object().rgb})`, [], 3);
}

function buildDecisions() {
  const lost = losersOf(object().source), one = lost.length === 1;
  get("lost-title").textContent = lost.length ? `${lost.length} box${one ? "" : "es"} lost to this one` : "No box lost to this one";
  get("legend-box").style.borderColor = `rgb(${object().rgb})`;
  get("lost").replaceChildren(...lost.map((loser) => {
    const row = make("tr", { tabIndex: 0 });
    for (const text of [DATA.classes[loser.label], loser.score.toFixed(2), loser.iou.toFixed(2), `P${loser.level}`, loser.through ? "another that lost" : "this box"])
      row.append(make("td", {}, text));
    for (const event of ["mouseenter", "focus"]) row.addEventListener(event, () => drawBoxes(loser));
    for (const event of ["mouseleave", "blur"]) row.addEventListener(event, () => drawBoxes());
    return row;
  }));
  drawBoxes();
}

function chooseObject(index, keep = false) {
  stop();
  state.object = clamp(index, 0, loaded.objects.length - 1);
  const { weights, order, score, candidateScore } = object();
  if (!keep) Object.assign(state, { weights: Float64Array.from(weights), terms: order.length, threshold: 0.5, crop: true });
  original = enlarge(cropped(sigmoid(sumOf(weights, order))), 0.5);
  [...get("objects").querySelectorAll("button")].forEach((button, place) => button.setAttribute("aria-pressed", place === state.object));
  get("terms").max = order.length;
  get("score").textContent = score.toFixed(2);
  get("score-text").textContent = Math.abs(score - candidateScore) > 0.005 ? `score (${candidateScore.toFixed(2)} of the class)` : "score of the class";
  buildTerms();
  buildDecisions();
  render();
}

async function choosePicture(index, keep = false) {
  stop();
  state.picture = clamp(index, 0, DATA.pictures.length - 1);
  await load(state.picture);
  [...get("pictures").querySelectorAll("button")].forEach((button, place) => button.setAttribute("aria-pressed", place === state.picture));
  const some = loaded.objects.length > 0;
  for (const id of ["work", "objects", "decisions"]) get(id).hidden = !some;
  get("nothing").hidden = some;
  get("nothing").textContent = loaded.nothing;
  get("objects").replaceChildren(make("span", {}, "Object"), ...loaded.objects.map((one, place) => {
    const dot = make("span", { className: "dot" });
    dot.style.background = `rgb(${one.rgb})`;
    const button = make("button", { type: "button" }, dot, one.name, make("span", { className: "soft number" }, ` ${one.score.toFixed(2)}`));
    button.addEventListener("click", () => chooseObject(place));
    return button;
  }));
  get("nms-text").textContent = loaded.how;
  buildGallery();
  buildFunnel();
  if (some) chooseObject(keep ? state.object : 0, keep);
  else remember();
}

// The address holds what differs from the model: #picture=1&object=2&w5=-0.3&terms=4&threshold=0.6&crop=0.
function remember() {
  const said = new URLSearchParams();
  if (state.picture) said.set("picture", state.picture + 1);
  if (loaded.objects.length) {
    if (state.object) said.set("object", state.object + 1);
    object().weights.forEach((weight, k) => { if (state.weights[k] !== weight) said.set(`w${k + 1}`, state.weights[k]); });
    if (state.terms !== object().order.length) said.set("terms", state.terms);
    if (state.threshold !== 0.5) said.set("threshold", state.threshold);
    if (!state.crop) said.set("crop", 0);
  }
  try { history.replaceState(null, "", `#${said}`); } catch { /* Some browsers forbid it for files. */ }
}

async function recall() {
  const said = new URLSearchParams(location.hash.slice(1));
  const number = (key, other) => (said.has(key) && Number.isFinite(Number(said.get(key))) ? Number(said.get(key)) : other);
  const picture = clamp(Math.trunc(number("picture", 1)), 1, DATA.pictures.length) - 1;
  const { objects } = DATA.pictures[picture];
  if (objects.length) {
    const place = clamp(Math.trunc(number("object", 1)), 1, objects.length) - 1;
    const { weights, order } = objects[place];
    Object.assign(state, {
      object: place, weights: Float64Array.from(weights, (weight, k) => clamp(number(`w${k + 1}`, weight), -1, 1)),
      terms: clamp(Math.trunc(number("terms", order.length)), 0, order.length),
      threshold: clamp(number("threshold", 0.5), 0.02, 0.98), crop: number("crop", 1) !== 0,
    });
  }
  await choosePicture(picture, true);
}

function stop() {
  clearInterval(playing);
  playing = 0;
  get("play").textContent = "▶ Add up term by term";
}

function play() {
  if (playing) return stop();
  if (state.terms >= object().order.length) state.terms = 0;
  get("play").textContent = "❚❚ Pause";
  playing = setInterval(() => {
    state.terms += 1;
    render();
    if (state.terms >= object().order.length) stop();
  }, 450);
  return render();
}

const listen = (id, event, action) => get(id).addEventListener(event, action);
listen("terms", "input", () => { stop(); state.terms = Number(get("terms").value); renderSoon(); });
listen("threshold", "input", () => { state.threshold = Number(get("threshold").value); renderSoon(); });
listen("crop", "change", () => { state.crop = get("crop").checked; renderSoon(); });
listen("stage", "click", (event) => {
  const { left, top, width, height } = get("stage").getBoundingClientRect();
  // The canvas may be letterboxed inside its own box.
  const scale = Math.max(loaded.width / width, loaded.height / height);
  const x = (event.clientX - left - width / 2) * scale + loaded.width / 2, y = (event.clientY - top - height / 2) * scale + loaded.height / 2;
  const size = ([x1, y1, x2, y2]) => (x2 - x1) * (y2 - y1);
  const hit = loaded.objects.map((one, place) => [one.box, place]).filter(([[x1, y1, x2, y2]]) => x >= x1 && x <= x2 && y >= y1 && y <= y2);
  if (hit.length) chooseObject(hit.sort((a, b) => size(a[0]) - size(b[0]))[0][1]);
});
listen("reset", "click", () => chooseObject(state.object));
listen("play", "click", play);
listen("without", "click", () => { state.weights[object().order[0]] = 0; render(); });
listen("flip", "click", () => { state.weights = state.weights.map((weight) => -weight); render(); });
listen("few", "click", () => { stop(); state.terms = Math.min(3, object().order.length); render(); });
listen("more", "click", () => { state.all = !state.all; buildTerms(); render(); });
addEventListener("hashchange", () => recall());

get("pictures").hidden = DATA.pictures.length < 2;
get("pictures").append(make("span", {}, "Picture"), ...DATA.pictures.map((picture, place) => {
  const button = make("button", { type: "button", className: "picture", title: picture.name });
  button.append(make("img", { src: picture.view, alt: picture.name }));
  button.addEventListener("click", () => choosePicture(place));
  return button;
}));
const ready = typeof DecompressionStream === "undefined" ? Promise.reject(new Error("This browser is too old for this page: take one of 2023 or later.")) : recall();
ready.catch((error) => { get("trouble").hidden = false; get("trouble").textContent = error.message; });
