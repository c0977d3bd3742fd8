"use strict";
// From prototypes and coefficients to the mask.
const DATA = JSON.parse(document.getElementById("data").textContent);
const SHOWN_TERMS = 10;
const get = (id) => document.getElementById(id);
const make = (tag, attributes = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
};
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);
const state = { picture: 0, object: 0, weights: new Float64Array(0), terms: 0, threshold: 0.5, crop: true, all: false };
let loaded = null; // The picture that is shown: its pixels, its prototypes, what enlarging needs.
let original = null; // The mask that the model's own coefficients give.
let current = null; // The mask that the sliders give.
let playing = 0;

// Colours: prototypes from dark blue to yellow, sums from blue (negative) to red.
const STOPS = {
  light: [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]],
  signed: [[25, 113, 194], [145, 197, 235], [247, 247, 247], [250, 176, 128], [217, 72, 15]],
  grey: [[0, 0, 0], [255, 255, 255]],
};
const TABLES = Object.fromEntries(Object.entries(STOPS).map(([name, stops]) => [name, colorTable(stops)]));

function colorTable(stops) {
  const table = new Uint8ClampedArray(256 * 3);
  for (let place = 0; place < 256; place++) {
    const along = (place / 255) * (stops.length - 1);
    const first = Math.min(Math.floor(along), stops.length - 2);
    for (let part = 0; part < 3; part++)
      table[3 * place + part] = stops[first][part] + (stops[first + 1][part] - stops[first][part]) * (along - first);
  }
  return table;
}

function paint(canvas, values, low, high, table) {
  const { rows, columns } = loaded;
  if (canvas.width !== columns || canvas.height !== rows) Object.assign(canvas, { width: columns, height: rows });
  canvas.style.aspectRatio = `${loaded.width} / ${loaded.height}`;
  const context = canvas.getContext("2d"), image = context.createImageData(columns, rows);
  for (let place = 0; place < values.length; place++) {
    const color = 3 * Math.round(clamp((values[place] - low) / (high - low), 0, 1) * 255);
    image.data[4 * place] = table[color];
    image.data[4 * place + 1] = table[color + 1];
    image.data[4 * place + 2] = table[color + 2];
    image.data[4 * place + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

async function unpack(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const count = planes.length / 4, bytes = new Uint8Array(planes.length);
  // The bytes of the numbers lie in four planes, the same byte of every number together.
  for (let part = 0; part < 4; part++) for (let place = 0; place < count; place++) bytes[4 * place + part] = planes[part * count + place];
  return new Float32Array(bytes.buffer);
}

async function load(index) {
  const picture = DATA.pictures[index];
  const image = new Image();
  image.src = picture.view;
  const [prototypes] = await Promise.all([unpack(picture.prototypes), image.decode()]);
  const [width, height] = picture.size;
  const canvas = make("canvas", { width, height });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0, width, height);
  const { rows, columns } = picture, area = rows * columns;
  loaded = {
    ...picture, image, width, height, area, prototypes,
    pixels: context.getImageData(0, 0, width, height),
    across: places(width, columns), down: places(height, rows),
    peaks: Array.from({ length: DATA.depth }, (_, k) => prototypes.subarray(k * area, (k + 1) * area).reduce((a, b) => Math.max(a, b), 1e-6)),
  };
}

// For each pixel of the picture the row or column of prototypes before it, and how far it is on the way to the next.
function places(size, cells) {
  const first = new Int32Array(size), share = new Float64Array(size);
  for (let place = 0; place < size; place++) {
    const along = clamp((place + 0.5) * (cells / size) - 0.5, 0, cells - 1);
    first[place] = Math.floor(along);
    share[place] = along - first[place];
  }
  return { first, share };
}

const object = () => loaded.objects[state.object];

function sumOf(weights, order) {
  const sum = new Float64Array(loaded.area);
  for (const k of order) {
    const weight = weights[k], start = k * loaded.area;
    if (weight) for (let place = 0; place < loaded.area; place++) sum[place] += weight * loaded.prototypes[start + place];
  }
  return sum;
}

const sigmoid = (sum) => Float32Array.from(sum, (value) => 1 / (1 + Math.exp(-value)));

function cropped(soft) {
  const [left, top, right, bottom] = object().crop, result = new Float32Array(soft.length);
  for (let row = top; row < bottom; row++) {
    const start = row * loaded.columns;
    result.set(soft.subarray(start + left, start + right), start + left);
  }
  return result;
}

// The mask at the size of the picture: enlarged bilinearly, then compared with the threshold.
function enlarge(soft, threshold) {
  const { rows, columns, width, height, across, down } = loaded;
  const wide = new Float64Array(rows * width), mask = new Uint8Array(width * height);
  for (let row = 0; row < rows; row++)
    for (let x = 0; x < width; x++) {
      const start = row * columns, left = across.first[x], right = Math.min(left + 1, columns - 1);
      wide[row * width + x] = soft[start + left] + (soft[start + right] - soft[start + left]) * across.share[x];
    }
  for (let y = 0; y < height; y++) {
    const above = down.first[y] * width, below = Math.min(down.first[y] + 1, rows - 1) * width, share = down.share[y];
    for (let x = 0; x < width; x++)
      mask[y * width + x] = wide[above + x] + (wide[below + x] - wide[above + x]) * share > threshold ? 1 : 0;
  }
  return mask;
}

function isEdge(mask, place, x) {
  const { width, height } = loaded;
  return mask[place] && (x === 0 || x === width - 1 || place < width || place >= width * (height - 1) ||
    !mask[place - 1] || !mask[place + 1] || !mask[place - width] || !mask[place + width]);
}
