"use strict";

const { runs, baselines, places, measures, for_comparison: forComparison, ...tables } = JSON.parse(
  document.getElementById("data").textContent,
);
const collator = new Intl.Collator(undefined, { numeric: true });
const NOT_DEFINED = "–";

function make(tag, attributes = {}, ...content) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...content);
  return element;
}

function plural(count, word) {
  return `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
}

// A figure with a true minus sign.
function format(value, { digits = 2, signed = false } = {}) {
  if (Number.isNaN(value)) return NOT_DEFINED;
  if (!Number.isFinite(value)) return value < 0 ? "−∞" : signed ? "+∞" : "∞";
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return (value < 0 ? "−" : signed ? "+" : "") + text;
}

// Where things stand on the page.

const trackNumbers = new Map(places.map(([track], index) => [track, index]));
const runNames = Object.keys(runs);

// The address of a source of a track, or of what a run made of it.
function address(track, source, run) {
  const number = trackNumbers.get(track);
  const place = `#track-${number + 1}-${places[number][1].indexOf(source) + 1}`;
  const ofRun = runNames.indexOf(run);
  return ofRun < 0 ? place : `${place}-${ofRun + 1}`;
}

// Data tables: the page carries columns of figures; rows become HTML when they are looked at.

class Cells {
  constructor({ columns, cells }) {
    this.columns = columns;
    this.cells = cells;
    this.length = columns.length ? (cells[columns[0].key].rows ?? cells[columns[0].key]).length : 0;
  }

  text(key, row) {
    const column = this.cells[key];
    return column ? column.names[column.rows[row]] : "";
  }

  number(key, row) {
    const value = this.cells[key]?.[row];
    return value === null || value === undefined ? NaN : Number(value);
  }

  rows(wanted = () => true) {
    return Array.from({ length: this.length }, (_, row) => row).filter(wanted);
  }
}

const scores = new Cells(tables.scores);
const summary = new Cells(tables.summary);
const comparisons = new Cells(tables.comparisons);

class DataTable {
  static PAGE = 50;

  constructor(element, data, { rowClass = () => "", searched }) {
    this.data = data;
    this.rowClass = rowClass;
    this.searched = searched;
    this.head = element.querySelector("thead tr");
    this.body = element.querySelector("tbody");
    this.scroller = element.querySelector(".scroll");
    this.filter = element.querySelector("input[type=search]");
    this.shown = element.querySelector("output");
    this.pages = element.querySelector(".pages");
    this.page = 0;
    this.sorted = null;
    this.filter.addEventListener("input", () => this.narrow());
    for (const [name, step] of [["earlier", -1], ["later", 1]]) {
      this.pages.querySelector(`.${name}`).addEventListener("click", () => this.turn(step));
    }
  }

  // Show other columns (as the page's data describes them, or with a function that makes their cells) or other rows.
  show(columns, rows) {
    this.columns = columns;
    this.all = rows;
    this.words = new Map(rows.map((row) => [row, this.searched.map((key) => this.data.text(key, row)).join(" ").toLowerCase()]));
    this.head.replaceChildren(...columns.map((column) => this.header(column)));
    this.narrow();
  }

  header(column) {
    if (column.kind === "chart") return make("th", { scope: "col" });
    const button = make("button", { type: "button", title: column.meaning || undefined }, column.title.replaceAll("-", "‑"));
    if (column.unit) button.append(make("span", { class: "unit" }, column.unit));
    const header = make("th", { scope: "col", "data-kind": column.kind }, button);
    if (this.sorted?.key === column.key) header.setAttribute("aria-sort", this.sorted.order);
    button.addEventListener("click", () => this.sortBy(column, header));
    return header;
  }

  sortBy(column, header) {
    // The first click puts the best figures, or the start of the alphabet, on top.
    const [first, second] = column.kind === "number" ? ["descending", "ascending"] : ["ascending", "descending"];
    const order = header.getAttribute("aria-sort") === first ? second : first;
    for (const other of this.head.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", order);
    this.sorted = { key: column.key, order };
    this.page = 0;
    this.arrange();
  }

  narrow() {
    const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    this.matching = this.all.filter((row) => words.every((word) => this.words.get(row).includes(word)));
    this.page = 0;
    this.arrange();
  }

  arrange() {
    const column = this.columns.find(({ key }) => key === this.sorted?.key);
    this.arranged = column ? this.inOrder(column) : this.matching;
    this.draw();
  }

  inOrder({ key, kind }) {
    const direction = this.sorted.order === "ascending" ? 1 : -1;
    if (kind === "text") {
      const names = this.data.cells[key].names;
      const ranks = new Map([...names].sort(collator.compare).map((name, rank) => [name, rank]));
      const rank = (row) => ranks.get(this.data.text(key, row));
      return [...this.matching].sort((one, other) => direction * (rank(one) - rank(other)));
    }
    return [...this.matching].sort((one, other) => {
      const [a, b] = [this.data.number(key, one), this.data.number(key, other)];
      // What is undefined stays at the end either way.
      if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
      return a === b ? 0 : direction * (a < b ? -1 : 1);
    });
  }

  turn(step) {
    this.page += step;
    this.draw();
    this.scroller.scrollTop = 0;
  }

  draw() {
    const first = this.page * DataTable.PAGE;
    const last = Math.min(first + DataTable.PAGE, this.arranged.length);
    this.body.replaceChildren(...this.arranged.slice(first, last).map((row) => this.row(row)));
    const paged = this.arranged.length > DataTable.PAGE;
    const count = this.arranged.length < this.all.length ? `${this.arranged.length.toLocaleString("en")} of ${plural(this.all.length, "row")}` : plural(this.all.length, "row");
    this.shown.textContent = paged ? `${(first + 1).toLocaleString("en")}–${last.toLocaleString("en")}; ${count}` : count;
    this.pages.hidden = !paged;
    this.pages.querySelector(".earlier").disabled = this.page === 0;
    this.pages.querySelector(".later").disabled = last === this.arranged.length;
  }

  row(row) {
    return make("tr", { class: this.rowClass(row) || undefined }, ...this.columns.map((column) => this.cell(column, row)));
  }

  cell(column, row) {
    if (column.cell) return column.cell(row);
    if (column.kind === "text") return make("td", { class: column.key }, this.data.text(column.key, row));
    const value = this.data.number(column.key, row);
    const title = Number.isNaN(value) && (this.data.text("warning", row) || "not defined");
    return make("td", { class: "number", title }, format(value, column));
  }
}

// What no run made: rows to compare with.
function isCompared(run) {
  return baselines.includes(run) || forComparison.includes(run);
}

// Not against a reference that is doubtful.
function isTrusted(row) {
  return scores.text("reference", row) !== "doubtful";
}

function setUpScores(element) {
  const track = scores.columns.find(({ key }) => key === "track");
  track.cell = (row) => {
    const [name, source, run] = ["track", "source", "run"].map((key) => scores.text(key, row));
    return make("th", { scope: "row" }, make("a", { href: address(name, source, run) }, name));
  };
  const table = new DataTable(element, scores, {
    rowClass: (row) => isCompared(scores.text("run", row)) && "comparison",
    searched: ["run", "track", "source", "estimate"],
  });
  table.show(scores.columns, scores.rows());
}

function setUpTracks(element) {
  const data = new Cells(tables.tracks);
  data.columns[0].cell = (row) => {
    const name = data.text("track", row);
    return make("th", { scope: "row" }, make("a", { href: `#track-${trackNumbers.get(name) + 1}` }, name));
  };
  new DataTable(element, data, { searched: ["track", "mixture", "sources", "references"] }).show(data.columns, data.rows());
}

// Means with their intervals, on one axis for all rows.

class Axis {
  constructor(values) {
    const finite = [0, ...values.filter(Number.isFinite)];
    const [low, high] = [finite.reduce((a, b) => Math.min(a, b)), finite.reduce((a, b) => Math.max(a, b))];
    const margin = (high - low || 1) * 0.05;
    this.low = low - margin;
    this.high = high + margin;
  }

  // In per cent of the width.
  place(value) {
    return (100 * (value - this.low)) / (this.high - this.low);
  }

  // A line at zero, the interval and the mean within it.
  draw(mean, low, high) {
    const parts = [make("span", { class: "zero", style: `left: ${this.place(0)}%` })];
    if (Number.isFinite(low) && Number.isFinite(high)) {
      const width = this.place(high) - this.place(low);
      parts.push(make("span", { class: "interval", style: `left: ${this.place(low)}%; width: ${width}%` }));
    }
    if (Number.isFinite(mean)) parts.push(make("span", { class: "mean", style: `left: ${this.place(mean)}%` }));
    return make("div", { class: "strip" }, ...parts);
  }
}

function interval(low, high, options) {
  return Number.isNaN(low) ? NOT_DEFINED : `${format(low, options)} … ${format(high, options)}`;
}

function setUpSummary(element) {
  const [measureChoice, others] = [element.querySelector("select"), element.querySelector("[name=others]")];
  const table = new DataTable(element, summary, {
    rowClass: (row) =>
      [isCompared(summary.text("run", row)) && "comparison", summary.text("source", row) === "all" && "total"].filter(Boolean).join(" "),
    searched: ["source", "run", "estimate"],
  });
  const anyDoubtful = summary.rows((row) => summary.number("doubtful", row) > 0).length > 0;
  const isStem = (row) => (runs[summary.text("run", row)] ?? summary.text("estimate", row)) === summary.text("estimate", row);

  function show() {
    const measure = measures.find(({ key }) => key === measureChoice.value);
    const rows = summary.rows((row) => others?.checked || isStem(row));
    const of = (statistic, row) => summary.number(`${measure.key}_${statistic}`, row);
    const axis = new Axis(rows.flatMap((row) => [of("mean", row), of("low", row), of("high", row)]));
    const figure = (statistic, title) => ({ ...measure, key: `${measure.key}_${statistic}`, title, meaning: measure.meaning });
    const [low, high] = [`${measure.key}_low`, `${measure.key}_high`];
    const columns = [
      ...summary.columns.slice(0, 6).filter(({ key }) => (key !== "estimate" || others?.checked) && (key !== "doubtful" || anyDoubtful)),
      figure("mean", "Mean"),
      {
        ...figure("low", "95 % interval"),
        cell: (row) => make("td", { class: "number" }, interval(summary.number(low, row), summary.number(high, row), measure)),
      },
      figure("median", "Median"),
      {
        key: "chart",
        kind: "chart",
        cell: (row) => make("td", { class: "chart", "aria-hidden": "true" }, axis.draw(of("mean", row), of("low", row), of("high", row))),
      },
    ];
    table.show(columns, rows);
  }

  measureChoice.addEventListener("change", show);
  others?.addEventListener("change", show);
  show();
}

// Two runs side by side: the paired differences of the tracks that both have a score of.

function setUpComparison(section) {
  const [first, second, measureChoice] = ["run", "against", "measure"].map((name) => section.querySelector(`[name=${name}]`));
  const body = section.querySelector("tbody");
  const readout = section.querySelector(".readout");
  const names = [...runNames, ...baselines, ...forComparison];
  const compared = names.filter((name) =>
    ["run", "against"].some((key) => comparisons.cells[key].names.includes(name)),
  );
  for (const select of [first, second]) select.append(...compared.map((name) => make("option", { value: name }, name)));
  second.selectedIndex = Math.min(1, compared.length - 1);

  const isStem = (run, row) => (runs[run] ?? scores.text("estimate", row)) === scores.text("estimate", row);

  // The figures of a run by source, and in each by track.
  function figures(run, measure) {
    const found = new Map();
    for (const row of scores.rows((row) => scores.text("run", row) === run && isStem(run, row) && isTrusted(row))) {
      const source = scores.text("source", row);
      if (!found.has(source)) found.set(source, new Map());
      found.get(source).set(scores.text("track", row), scores.number(measure, row));
    }
    return found;
  }

  // As the table of comparisons has them, or the other way round.
  function differences(run, against, measure) {
    const number = (key, row) => comparisons.number(key, row);
    const rows = comparisons.rows((row) => comparisons.text("measure", row) === measure);
    return rows.flatMap((row) => {
      const pair = [comparisons.text("run", row), comparisons.text("against", row)];
      const counts = { source: comparisons.text("source", row), tracks: number("tracks", row), ties: number("ties", row) };
      const [mean, low, high] = ["mean", "low", "high"].map((name) => number(`difference_${name}`, row));
      const [wins, losses] = [number("wins", row), number("losses", row)];
      if (pair[0] === run && pair[1] === against) return [{ ...counts, mean, low, high, wins, losses }];
      if (pair[0] === against && pair[1] === run) return [{ ...counts, mean: -mean, low: -high, high: -low, wins: losses, losses: wins }];
      return [];
    });
  }

  function dots(source, mine, theirs, axis) {
    const pairs = [...(mine.get(source) ?? [])].map(([track, figure]) => [track, figure - theirs.get(source)?.get(track)]);
    const sorted = pairs.filter(([, difference]) => Number.isFinite(difference)).sort((a, b) => a[1] - b[1]);
    return sorted.map(([track, difference], index) => {
      const words = `${track}, ${source}: ${format(difference, { signed: true })} dB`;
      // Spread over the height of the strip in an order that looks like chance.
      const height = 12 + 76 * ((index * 0.618034) % 1);
      const style = `left: ${axis.place(difference)}%; top: ${height}%`;
      const run = first.value in runs ? first.value : second.value;
      return make("a", { class: "dot", href: address(track, source, run), style, title: words, "aria-label": words, tabindex: index ? -1 : 0 });
    });
  }

  function show() {
    const rows = differences(first.value, second.value, measureChoice.value);
    const [mine, theirs] = [first, second].map(({ value }) => figures(value, measureChoice.value));
    const all = rows.flatMap(({ source, low, high }) => [
      low,
      high,
      ...[...(mine.get(source) ?? [])].map(([track, figure]) => figure - theirs.get(source)?.get(track)),
    ]);
    const axis = new Axis(all);
    const signed = { signed: true };
    body.replaceChildren(
      ...rows.map(({ source, tracks, mean, low, high, wins, losses, ties }) => {
        const strip = axis.draw(mean, low, high);
        strip.prepend(...dots(source, mine, theirs, axis));
        return make(
          "tr",
          { class: source === "all" && "total" },
          make("th", { scope: "row" }, source),
          make("td", { class: "chart" }, strip),
          ...[format(mean, signed), interval(low, high, signed), ...[tracks, wins, losses, ties].map((count) => format(count, { digits: 0 }))].map(
            (text) => make("td", { class: "number" }, text),
          ),
        );
      }),
    );
    if (!rows.length) {
      const reason = first.value === second.value ? "Choose two different runs." : "These two have no comparison.";
      body.append(make("tr", {}, make("td", { colspan: 8, class: "quiet" }, reason)));
    }
  }

  for (const choice of [first, second, measureChoice]) choice.addEventListener("change", show);
  for (const event of ["focusin", "mouseover"]) {
    body.addEventListener(event, ({ target }) => target.matches(".dot") && (readout.textContent = target.title));
  }
  // One dot of a strip is in the order of the tab key; arrows go to its neighbours.
  body.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !event.target.matches(".dot")) return;
    const siblings = [...event.target.parentNode.querySelectorAll(".dot")];
    const next = siblings[siblings.indexOf(event.target) + step];
    event.preventDefault();
    if (!next) return;
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
  show();
}

// The tracks on which a run's stems gained most and least.

function setUpExtremes(section) {
  const [runChoice, sourceChoice] = ["run", "source"].map((name) => section.querySelector(`[name=${name}]`));
  const count = 10;
  const key = "si_sdr_improvement_db";

  function item(row) {
    const [track, source, run] = ["track", "source", "run"].map((name) => scores.text(name, row));
    const gain = make("b", {}, `${format(scores.number(key, row), { signed: true })} dB`);
    return make("li", {}, make("a", { href: address(track, source, run) }, track), make("span", { class: "quiet" }, source), gain);
  }

  function show() {
    const [run, source] = [runChoice.value, sourceChoice.value];
    const rows = scores
      .rows((row) => scores.text("run", row) === run && scores.text("estimate", row) === runs[run] && isTrusted(row))
      .filter((row) => (!source || scores.text("source", row) === source) && Number.isFinite(scores.number(key, row)))
      .sort((one, other) => scores.number(key, other) - scores.number(key, one));
    // With few tracks none stands in both lists.
    const half = Math.ceil(rows.length / 2);
    section.querySelector(".best").replaceChildren(...rows.slice(0, Math.min(count, half)).map(item));
    section.querySelector(".worst").replaceChildren(...rows.slice(half).reverse().slice(0, count).map(item));
  }

  for (const choice of [runChoice, sourceChoice]) choice.addEventListener("change", show);
  show();
}

// Players: one transport over several signals of the same length, of which one is heard.

function clock(seconds) {
  const tenths = Math.floor(seconds * 10 + 1e-6);
  const minutes = Math.floor(tenths / 600);
  return `${minutes}:${((tenths % 600) / 10).toFixed(1).padStart(4, "0")}`;
}

class Player {
  static latest = null;
  static all = new Map();

  constructor(element) {
    this.element = element;
    this.section = element.closest(".source");
    this.seekBar = element.querySelector(".seek");
    this.clock = element.querySelector(".clock");
    this.playButton = element.querySelector(".play");
    this.trouble = element.querySelector(".trouble");
    this.duration = Number(this.seekBar.max);
    this.playing = false;
    this.heard = 0;
    this.place = 0;

    const buttons = [...element.querySelectorAll(".switch button")];
    const figures = [...this.section.querySelectorAll(".signal")];
    this.signals = figures.map((figure, index) => ({ figure, button: buttons[index], audio: figure.querySelector("audio") }));
    this.signals.forEach((signal, index) => this.setUpSignal(signal, index));
    this.playButton.addEventListener("click", () => this.toggle());
    this.seekBar.addEventListener("input", () => this.seek(Number(this.seekBar.value)));
    this.show();
  }

  get audio() {
    return this.signals[this.heard].audio;
  }

  setUpSignal({ figure, button, audio }, index) {
    audio.addEventListener("ended", () => index === this.heard && this.stop());
    audio.addEventListener("error", () => index === this.heard && this.fail());
    if (index < 9) button.insertAdjacentHTML("beforeend", `<sup aria-hidden="true">${index + 1}</sup>`);
    button.addEventListener("click", () => this.select(index));
    figure.querySelector(".canvas").addEventListener("click", (event) => {
      const box = event.currentTarget.getBoundingClientRect();
      this.seek(((event.clientX - box.left) / box.width) * this.duration);
      this.select(index);
    });
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  async play() {
    if (Player.latest && Player.latest !== this) Player.latest.pause();
    Player.latest = this;
    const { audio } = this;
    this.playing = true;
    this.trouble.hidden = true;
    this.show();
    // From now on switching should be instant.
    for (const signal of this.signals) signal.audio.preload = "auto";
    audio.currentTime = this.place;
    try {
      await audio.play();
    } catch (error) {
      if (error.name !== "AbortError" && audio === this.audio) this.fail();
      return;
    }
    this.follow();
  }

  pause() {
    this.playing = false;
    this.audio.pause();
    this.show();
  }

  stop() {
    this.pause();
    this.seek(0);
  }

  fail() {
    this.playing = false;
    this.trouble.textContent = "This signal cannot be played: is the audio folder still beside this page?";
    this.trouble.hidden = false;
    this.show();
  }

  seek(place) {
    Player.latest ??= this;
    this.place = Math.min(Math.max(place, 0), this.duration);
    this.audio.currentTime = this.place;
    this.show();
  }

  select(index) {
    if (index < 0 || index >= this.signals.length || index === this.heard) return;
    Player.latest ??= this;
    this.audio.pause();
    this.heard = index;
    if (this.playing) this.play();
    else this.seek(this.place);
  }

  // Select the first signal within a part of the section, such as that of a run.
  selectWithin(part) {
    this.select(this.signals.findIndex(({ figure }) => part.contains(figure)));
  }

  // Keeps the place up to date while the sound moves on.
  follow() {
    if (!this.playing) return;
    this.place = this.audio.currentTime;
    this.show();
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.follow());
  }

  show() {
    this.element.classList.toggle("playing", this.playing);
    this.playButton.setAttribute("aria-label", this.playing ? "Pause" : "Play");
    this.seekBar.value = this.place;
    this.seekBar.setAttribute("aria-valuetext", `${this.place.toFixed(1)} of ${this.duration.toFixed(1)} seconds`);
    this.clock.textContent = `${clock(this.place)} / ${clock(this.duration)}`;
    this.section.style.setProperty("--place", `${this.duration ? (100 * this.place) / this.duration : 0}%`);
    this.signals.forEach(({ figure, button }, index) => {
      figure.classList.toggle("heard", index === this.heard);
      button.setAttribute("aria-pressed", String(index === this.heard));
    });
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const focused = document.activeElement;
  const own = Player.all.get(focused.closest(".source"));
  const player = own ?? (focused === document.body ? Player.latest : null);
  if (!player || focused.matches("summary, a, .scroll")) return;
  // Outside a player these two scroll the page, as anywhere.
  if (!own && ["ArrowUp", "ArrowDown"].includes(event.key)) return;
  const step = event.shiftKey ? 10 : 1;
  if (event.key === " ") {
    // A focused button keeps the space bar, except that of the signal already heard.
    if (focused.matches("button:not([aria-pressed='true'])")) return;
    player.toggle();
  } else if (event.key === "ArrowLeft") player.seek(player.place - step);
  else if (event.key === "ArrowRight") player.seek(player.place + step);
  else if (event.key === "ArrowUp") player.select(player.heard - 1);
  else if (event.key === "ArrowDown") player.select(player.heard + 1);
  else if (/^[1-9]$/.test(event.key)) player.select(Number(event.key) - 1);
  else return;
  event.preventDefault();
});

// Tracks: the part of each comes from a script of its own when the track is opened.

const loaded = new Map();

// Called by these scripts.
function showTrack(id, html) {
  const track = document.getElementById(id);
  track.insertAdjacentHTML("beforeend", `<div class="opened">${html}</div>`);
  for (const element of track.querySelectorAll(".player")) Player.all.set(element.closest(".source"), new Player(element));
}

function load(track) {
  if (!loaded.has(track)) {
    const script = make("script", { src: `tracks/${track.id}.js` });
    const done = new Promise((resolve) => {
      script.addEventListener("load", resolve);
      script.addEventListener("error", () => {
        const words = "This track cannot be shown: is the tracks folder still beside this page?";
        track.append(make("p", { class: "warning", role: "alert" }, words));
        resolve();
      });
    });
    loaded.set(track, done);
    document.head.append(script);
  }
  return loaded.get(track);
}

// Open what an address such as #track-3-1-2 names, and make its player ready.
async function goTo(hash) {
  const [id] = hash.slice(1).match(/^track-\d+/) ?? [];
  const track = id && document.getElementById(id);
  if (!track) return;
  track.hidden = false;
  track.open = true;
  await load(track);
  const place = document.getElementById(hash.slice(1)) ?? track;
  const source = place.closest(".source");
  if (source && place !== source) Player.all.get(source)?.selectWithin(place);
  (source ?? place).scrollIntoView();
  if (source) source.focus({ preventScroll: true });
}

function setUpTracksToOpen(tracks) {
  for (const track of tracks) {
    if (track.open) load(track);
    track.addEventListener("toggle", () => {
      if (track.open) load(track);
      else if (Player.latest && track.contains(Player.latest.element)) Player.latest.pause();
    });
  }
  // Also where the address is already that of the link.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#track-']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState(null, "", link.getAttribute("href"));
    goTo(link.getAttribute("href"));
  });
  addEventListener("popstate", () => goTo(location.hash));
  goTo(location.hash);
}

function setUpFinder(finder, found, tracks) {
  finder.addEventListener("input", () => {
    const words = finder.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const track of tracks) track.hidden = !words.every((word) => track.dataset.name.toLowerCase().includes(word));
    const count = tracks.filter((track) => !track.hidden).length;
    found.textContent = words.length ? `${count} of ${plural(tracks.length, "track")}` : plural(tracks.length, "track");
  });
}

function setUp(selector, action) {
  const element = document.querySelector(selector);
  if (element) action(element);
}

const tracks = [...document.querySelectorAll(".track")];
setUp("[data-table=summary]", setUpSummary);
setUp("#compare", setUpComparison);
setUp("#extremes", setUpExtremes);
setUp("[data-table=scores]", setUpScores);
setUp("[data-table=tracks]", setUpTracks);
setUp("#find", (finder) => setUpFinder(finder, document.getElementById("found"), tracks));
setUpTracksToOpen(tracks);
