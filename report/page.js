"use strict";

document.documentElement.classList.add("script");

// Score table: sort by a column, filter by words.

function setUpScores(table) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const filter = document.getElementById("filter");
  const shown = document.getElementById("shown");

  function key(row, column, kind) {
    const cell = row.cells[column];
    if (kind === "text") return cell.textContent.trim();
    return cell.dataset.key === "" ? NaN : Number(cell.dataset.key);
  }

  function sort(header) {
    const { cellIndex: column } = header;
    const { kind } = header.dataset;
    // The first click puts the best figures, or the start of the alphabet, on top.
    const first = kind === "number" ? "descending" : "ascending";
    const second = kind === "number" ? "ascending" : "descending";
    const order = header.getAttribute("aria-sort") === first ? second : first;
    for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", order);
    const direction = order === "ascending" ? 1 : -1;
    const collator = new Intl.Collator(undefined, { numeric: true });
    rows.sort((one, other) => {
      const a = key(one, column, kind);
      const b = key(other, column, kind);
      if (kind === "text") return direction * collator.compare(a, b);
      // What is undefined stays at the end either way.
      if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
      return a === b ? 0 : direction * (a < b ? -1 : 1);
    });
    body.append(...rows);
  }

  function narrow() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const names = [...row.cells].slice(0, 4).map((cell) => cell.textContent.toLowerCase()).join(" ");
      row.hidden = !words.every((word) => names.includes(word));
      count += !row.hidden;
    }
    const total = `${rows.length} ${rows.length === 1 ? "row" : "rows"}`;
    shown.textContent = words.length ? `${count} of ${total}` : total;
  }

  for (const header of table.tHead.rows[0].cells) {
    header.querySelector("button").addEventListener("click", () => sort(header));
  }
  filter.addEventListener("input", narrow);
  narrow();
}

// Players: one transport over several signals of the same length, of which one is heard.

function clock(seconds) {
  const tenths = Math.floor(seconds * 10 + 1e-6);
  const minutes = Math.floor(tenths / 600);
  return `${minutes}:${((tenths % 600) / 10).toFixed(1).padStart(4, "0")}`;
}

class Player {
  static latest = null;

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
    audio.controls = false;
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

function setUpPlayers(elements) {
  const players = new Map(elements.map((element) => [element, new Player(element)]));

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const focused = document.activeElement;
    const own = players.get(focused.closest(".source")?.querySelector(".player"));
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
}

document.querySelectorAll(".scores").forEach(setUpScores);
setUpPlayers([...document.querySelectorAll(".player")]);
