"""The part of the labeller that runs in the browser. Trusted code: whatever people wrote reaches it as JSON in `data`."""

HTML = """
<div class="labeller" role="group">
  <div class="classes" role="group"></div>
  <div class="stage" tabindex="0" role="application">
    <div class="frame"><img alt=""><svg aria-hidden="true"></svg></div>
  </div>
  <p class="told" role="status"></p>
  <div class="buttons"></div>
</div>
"""
CSS = """
.labeller { font-family: var(--st-font); color: var(--st-text-color); display: flex; flex-direction: column; gap: 0.6rem; }
[hidden] { display: none !important; }
.stage { border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius); padding: 4px;
  background: var(--st-secondary-background-color); }
.stage:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
.frame { position: relative; margin: 0 auto; line-height: 0; }
.frame img { width: 100%; height: 100%; display: block; user-select: none; -webkit-user-drag: none; }
.frame.few img { image-rendering: pixelated; }
svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
.boxed svg { touch-action: none; cursor: crosshair; }
svg rect { vector-effect: non-scaling-stroke; }
.classes, .buttons { display: flex; flex-wrap: wrap; gap: 0.4rem; }
button { font: inherit; font-size: 0.875rem; color: var(--st-text-color); background: var(--st-background-color); cursor: pointer;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius); padding: 0.3rem 0.65rem; min-height: 2.25rem;
  display: inline-flex; align-items: center; gap: 0.45rem; max-width: 100%; overflow-wrap: anywhere; text-align: left; }
button:hover, button:focus-visible { border-color: var(--st-primary-color); }
button:disabled { cursor: not-allowed; border-style: dashed; color: var(--st-text-color); opacity: 0.65; }
button[aria-pressed=true] { border-color: var(--st-primary-color); box-shadow: inset 0 0 0 1px var(--st-primary-color); font-weight: 600; }
.next { border-color: var(--st-primary-color); font-weight: 600; }
.swatch { min-width: 1.35rem; height: 1.35rem; border-radius: 3px; color: #000; font-size: 0.8rem; font-weight: 600;
  display: inline-flex; align-items: center; justify-content: center; flex: none; }
kbd { font: inherit; font-size: 0.75rem; border: 1px solid var(--st-border-color); border-radius: 3px; padding: 0 0.3rem; }
.told { margin: 0; font-size: 0.875rem; line-height: 1.4; min-height: 1.4em; }
"""
# What is said of a picture is kept here until the server has it: messages are numbered, one is on its way at a time, and each
# holds all that is said of the picture. What comes back changes nothing of the picture that is shown, but for new proposals.
JS = """
const NS = 'http://www.w3.org/2000/svg';
const HANDLES = ['lt', 't', 'rt', 'r', 'rb', 'b', 'lb', 'l'];
const LEAST = 2, CLICK = 4, LATE = 8000, MOST_UNDONE = 200;

function build(root) {
  const part = (name) => root.querySelector(name);
  const stage = part('.stage'), frame = part('.frame'), image = part('img'), svg = part('svg');
  const told = part('.told'), chips = part('.classes'), buttons = part('.buttons');
  let data, tell, said, shown = '', revision, chosen = 0, selected = null, past = [], labelled = [], drag = null, described = false;
  let number = 0, sent = 0, last = null, waiting = null, timer = null, leaving = false, session = null;

  // -- what is said -----------------------------------------------------------------------------------------------------

  const copy = (value) => JSON.parse(JSON.stringify(value));
  const proposals = () => said.proposals ?? [];
  const items = () => [
    ...said.boxes.map((box, at) => ({ box, at, proposed: false, index: said.classes[at] })),
    ...proposals().map((one, at) => ({ box: one.box, at, proposed: true, index: matching(one.name), name: one.name })),
  ];
  const current = () => items().find(({ at, proposed }) => selected && at === selected.at && proposed === selected.proposed);
  const fill = (text, values) => text.replace(/\\{(\\w+)\\}/g, (_all, name) => values[name]);
  const classOf = (index) => data.classes[index]?.name ?? '';

  function nameOf(one) {  // a name that is no class stands before the class that accepting gives
    if (!one.proposed) return classOf(one.index);
    return one.index < 0 && data.classes.length ? `${one.name}? → ${classOf(chosen)}` : `${one.name}?`;
  }

  function matching(name) {
    const wanted = name.toLowerCase();
    return data.classes.findIndex((one) => one.name.toLowerCase() === wanted);
  }

  function change(act) {
    if (leaving) return;
    past.push(copy(said));
    past = past.slice(-MOST_UNDONE);
    act();
    changed();
  }

  function changed() {
    if (said.boxes.length) said.empty = false;
    draw();
    save();
  }

  function undo() {
    if (past.length) {
      said = past.pop();
      selected = null;
      changed();
      say(data.words.undone);
    } else if (!data.boxed && labelled.length) {
      const before = labelled.pop();
      save(before.number, before.label);
    } else say(data.words.nothing);
  }

  // -- to the server ----------------------------------------------------------------------------------------------------

  function save(to = 0, back = undefined) {
    waiting = { to, back };
    if (to) leaving = true;
    show();
    clearTimeout(timer);
    timer = setTimeout(send, to ? 0 : 250);
  }

  function send() {
    if (!tell || !waiting || sent > data.received) return;
    number += 1;
    sent = number;
    last = { sequence: sent, picture: data.picture.number, said: copy(said), to: waiting.to };
    if (waiting.back !== undefined) last.back = waiting.back;
    waiting = null;
    tell.setTriggerValue('saved', last);
    show();
    setTimeout(again, LATE, sent);
  }

  function again(sequence) {
    if (tell && sequence === sent && sent > data.received) {
      tell.setTriggerValue('saved', last);
      setTimeout(again, LATE, sequence);
    }
  }

  function go(to) {
    if (leaving) return;
    if (to < 1 || to > data.total) { say(to < 1 ? data.words.first : data.words.last); return; }
    save(to);
  }

  const next = () => go(data.picture.number + 1);
  const previous = () => go(data.picture.number - 1);

  // -- doing ------------------------------------------------------------------------------------------------------------

  function choose(index) {
    if (index < 0 || index >= data.classes.length || leaving) return;
    if (!data.boxed) { label(index); return; }
    chosen = index;
    const one = current();
    if (one?.proposed) accept(one, index);
    else if (one && one.index !== index) change(() => { said.classes[one.at] = index; });
    draw();
  }

  function label(index) {
    labelled.push({ number: data.picture.number, label: said.label });
    said.label = index;
    draw();
    if (data.picture.number < data.total) save(data.picture.number + 1);
    else { save(); say(data.words.last); }
  }

  function accept(one, index) {
    if (index < 0) index = chosen;
    if (!data.classes.length) { say(data.words.classes); return; }
    change(() => {
      said.proposals.splice(one.at, 1);
      said.boxes.push(one.box);
      said.classes.push(index);
      selected = { at: said.boxes.length - 1, proposed: false };
    });
  }

  function acceptAll() {
    if (!proposals().length) return;
    if (!data.classes.length) { say(data.words.classes); return; }
    change(() => {
      for (const one of said.proposals) {
        said.boxes.push(one.box);
        said.classes.push(matching(one.name) < 0 ? chosen : matching(one.name));
      }
      said.proposals = [];
      selected = null;
    });
  }

  function dismissAll() {
    if (proposals().length) change(() => { said.proposals = []; selected = null; });
  }

  function remove() {
    const one = current();
    if (!one) { say(data.words.select); return; }
    change(() => {
      if (one.proposed) said.proposals.splice(one.at, 1);
      else { said.boxes.splice(one.at, 1); said.classes.splice(one.at, 1); }
      selected = null;
    });
  }

  function nothing() {
    if (leaving) return;
    if (said.boxes.length) { say(data.words.boxes); return; }
    past.push(copy(said));
    said.empty = !said.empty;
    if (said.empty) said.proposals = said.proposals && [];
    changed();
    if (said.empty && data.picture.number < data.total) save(data.picture.number + 1);
  }

  function add() {
    if (!data.classes.length) { say(data.words.classes); return; }
    if (full()) return;
    const { width, height } = data.picture;
    change(() => {
      said.boxes.push([width / 4, height / 4, width * 3 / 4, height * 3 / 4]);
      said.classes.push(chosen);
      selected = { at: said.boxes.length - 1, proposed: false };
    });
  }

  function full() {
    if (said.boxes.length < data.most) return false;
    say(data.words.full);
    return true;
  }

  function walk(by) {
    const all = items();
    if (!all.length) return;
    const at = all.findIndex((one) => selected && one.at === selected.at && one.proposed === selected.proposed);
    const one = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length];
    selected = { at: one.at, proposed: one.proposed };
    draw();
  }

  function push(dx, dy, size) {
    let one = current();
    if (!one) return;
    if (one.proposed) { accept(one, one.index); one = current(); if (!one) return; }
    change(() => { said.boxes[one.at] = size ? sized(one.box, 'rb', dx, dy) : moved(one.box, dx, dy); });
  }

  // -- geometry, in pixels of the stored picture --------------------------------------------------------------------------

  const round = (at) => Math.round(at * 10) / 10;
  const clamp = (at, most) => Math.min(Math.max(at, 0), most);
  const unit = () => data.picture.width / Math.max(svg.clientWidth, 1);

  function place(event) {
    const at = svg.getBoundingClientRect();
    return [
      round(clamp((event.clientX - at.left) / at.width * data.picture.width, data.picture.width)),
      round(clamp((event.clientY - at.top) / at.height * data.picture.height, data.picture.height)),
    ];
  }

  function moved([left, top, right, bottom], dx, dy) {
    const { width, height } = data.picture;
    dx = Math.min(Math.max(dx, -left), width - right);
    dy = Math.min(Math.max(dy, -top), height - bottom);
    return [left + dx, top + dy, right + dx, bottom + dy].map(round);
  }

  function sized([left, top, right, bottom], handle, dx, dy) {
    const { width, height } = data.picture;
    if (handle.includes('l')) left = Math.min(clamp(left + dx, width), right - LEAST);
    if (handle.includes('r')) right = Math.max(clamp(right + dx, width), left + LEAST);
    if (handle.includes('t')) top = Math.min(clamp(top + dy, height), bottom - LEAST);
    if (handle.includes('b')) bottom = Math.max(clamp(bottom + dy, height), top + LEAST);
    return [left, top, right, bottom].map(round);
  }

  const inside = ([left, top, right, bottom], [x, y]) => left <= x && x <= right && top <= y && y <= bottom;
  const area = ([left, top, right, bottom]) => (right - left) * (bottom - top);

  svg.onpointerdown = (event) => {
    if (!data.boxed || leaving || event.button) return;
    event.preventDefault();
    stage.focus({ preventScroll: true });
    const at = place(event), one = current(), handle = event.target.dataset.handle;
    const mode = one && handle ? 'size' : one && inside(one.box, at) ? 'move' : 'draw';
    if (mode === 'draw' && full()) return;
    svg.setPointerCapture(event.pointerId);
    drag = { mode, handle, from: at, before: copy(said), box: one && [...one.box], far: false };
  };

  svg.onpointermove = (event) => {
    if (!drag) return;
    const at = place(event), dx = at[0] - drag.from[0], dy = at[1] - drag.from[1];
    if (!drag.far && Math.hypot(dx, dy) < CLICK * unit()) return;
    if (!drag.far) {
      drag.far = true;
      if (!begin()) return;
    }
    const box = drag.mode === 'move' ? moved(drag.box, dx, dy) : drag.mode === 'size' ? sized(drag.box, drag.handle, dx, dy) : [
      Math.min(at[0], drag.from[0]), Math.min(at[1], drag.from[1]), Math.max(at[0], drag.from[0]), Math.max(at[1], drag.from[1])];
    said.boxes[selected.at] = box;
    draw();
  };

  function begin() {
    if (!data.classes.length) { say(data.words.classes); drag = null; return false; }
    const one = current();
    if (drag.mode === 'draw') {
      said.boxes.push([...drag.from, ...drag.from]);
      said.classes.push(chosen);
    } else if (one.proposed) {  // who corrects a proposal accepts it
      said.proposals.splice(one.at, 1);
      said.boxes.push(one.box);
      said.classes.push(one.index < 0 ? chosen : one.index);
    } else return true;
    selected = { at: said.boxes.length - 1, proposed: false };
    return true;
  }

  svg.onpointerup = (event) => {
    if (!drag) return;
    const { far, before } = drag;
    drag = null;
    if (!far) {
      const here = items().filter((one) => inside(one.box, place(event))).sort((a, b) => area(a.box) - area(b.box))[0];
      selected = here ? { at: here.at, proposed: here.proposed } : null;
      draw();
      return;
    }
    const [left, top, right, bottom] = current().box;
    if (right - left < LEAST || bottom - top < LEAST) { said = before; selected = null; draw(); return; }
    past.push(before);
    changed();
  };

  svg.onpointercancel = () => {
    if (drag?.far) said = drag.before;
    drag = null;
    draw();
  };

  // -- keys ---------------------------------------------------------------------------------------------------------------

  const ARROWS = { ArrowLeft: [-2, 0], ArrowRight: [2, 0], ArrowUp: [0, -2], ArrowDown: [0, 2] };
  const KEYS = {
    n: next, ArrowRight: next, p: previous, ArrowLeft: previous, u: undo, s: () => walk(1), S: () => walk(-1), b: add, a: acceptAll,
    x: dismissAll, Delete: remove, Backspace: remove, 0: nothing, Escape: () => { selected = null; draw(); },
  };
  const CLASSES_ONLY = new Set(['n', 'ArrowRight', 'p', 'ArrowLeft', 'u']);

  root.addEventListener('keydown', (event) => {
    const { key } = event, command = event.ctrlKey || event.metaKey;
    let act = null;
    if (command && !event.shiftKey && key.toLowerCase() === 'z') act = undo;
    else if (event.shiftKey && ARROWS[key] && data.boxed) act = () => push(...ARROWS[key], command || event.altKey);
    else if (command || event.altKey) return;
    else if (/^[1-9]$/.test(key)) act = () => choose(Number(key) - 1);
    else if (key === 'Enter' && event.target === stage) act = () => { const one = current(); if (one?.proposed) accept(one, one.index); };
    else if (KEYS[key] && (data.boxed || CLASSES_ONLY.has(key))) act = KEYS[key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  });

  // -- drawing ------------------------------------------------------------------------------------------------------------

  function element(name, values) {
    const made = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(values)) made.setAttribute(key, value);
    return made;
  }

  function rectangle([left, top, right, bottom], values) {
    return element('rect', { x: left, y: top, width: right - left, height: bottom - top, fill: 'none', ...values });
  }

  function plate(one, colour, scale) {
    const { width } = data.picture, words = nameOf(one).slice(0, 40), size = 12 * scale;
    const wide = [...words].reduce((sum, letter) => sum + (letter.codePointAt(0) > 0x2e80 ? 1 : 0.58), 0) * size + 8 * scale;
    const x = Math.max(0, Math.min(one.box[0], width - wide)), y = one.box[1] >= 17 * scale ? one.box[1] - 17 * scale : one.box[1];
    const text = element('text', { x: x + 4 * scale, y: y + 12.5 * scale, 'font-size': size, fill: '#000', 'pointer-events': 'none' });
    text.textContent = words;
    return [element('rect', { x, y, width: wide, height: 17 * scale, fill: colour, 'pointer-events': 'none' }), text];
  }

  function shapes(one, scale) {
    const picked = selected && one.at === selected.at && one.proposed === selected.proposed;
    const colour = one.proposed ? '#fff' : data.classes[one.index]?.colour ?? '#fff';
    const dash = one.proposed ? '2 5' : data.classes[one.index]?.dash ?? '';
    const found = [
      rectangle(one.box, { stroke: '#000', 'stroke-opacity': 0.6, 'stroke-width': picked ? 6 : 4.5 }),
      rectangle(one.box, { stroke: colour, 'stroke-width': picked ? 3.5 : 2, ...(dash && { 'stroke-dasharray': dash }) }),
      ...(nameOf(one) ? plate(one, colour, scale) : []),
    ];
    return picked ? [...found, ...handles(one.box, scale)] : found;
  }

  function handles([left, top, right, bottom], scale) {
    const side = 10 * scale;
    return HANDLES.map((handle) => {
      const x = handle.includes('l') ? left : handle.includes('r') ? right : (left + right) / 2;
      const y = handle.includes('t') ? top : handle.includes('b') ? bottom : (top + bottom) / 2;
      const made = element('rect', { x: x - side / 2, y: y - side / 2, width: side, height: side, fill: '#fff', stroke: '#000',
        'stroke-width': 1, 'data-handle': handle });
      made.style.cursor = { lt: 'nwse', rb: 'nwse', rt: 'nesw', lb: 'nesw', t: 'ns', b: 'ns', l: 'ew', r: 'ew' }[handle] + '-resize';
      return made;
    });
  }

  function draw() {
    const scale = unit(), all = items(), picked = current();
    svg.replaceChildren(...(data.boxed ? all.flatMap((one) => shapes(one, scale)) : []));
    root.dataset.boxes = said.boxes.length;
    root.dataset.proposals = proposals().length;
    show();
    if (!picked && described) { described = false; say(''); }
    if (picked) {
      described = true;
      const [left, top, right, bottom] = picked.box;
      say(fill(data.words.picked, { name: nameOf(picked), left: Math.round(left), top: Math.round(top),
        width: Math.round(right - left), height: Math.round(bottom - top) }));
    }
  }

  const say = (words) => { told.textContent = words; };

  function show() {
    root.dataset.state = leaving || waiting || sent > data.received ? 'saving' : 'saved';
    [...chips.children].forEach((chip, at) => chip.setAttribute('aria-pressed', at === (data.boxed ? chosen : said.label)));
    for (const button of buttons.children) {
      const { name } = button.dataset;
      if (name === 'nothing') button.setAttribute('aria-pressed', said.empty);
      if (name === 'accept' || name === 'dismiss') button.hidden = !proposals().length;
    }
  }

  function button(words, key, act, name) {
    const made = document.createElement('button');
    made.type = 'button';
    made.dataset.name = name;
    made.className = name;
    made.append(words);
    if (key) {
      const hint = document.createElement('kbd');
      hint.textContent = key;
      hint.setAttribute('aria-hidden', 'true');
      made.append(hint);
    }
    made.onclick = act;
    return made;
  }

  function furnish() {
    const { words } = data;
    const kept = chips.contains(document.activeElement) || chips.getRootNode().activeElement?.parentElement === chips;
    chips.setAttribute('aria-label', words.choose);
    chips.replaceChildren(...data.classes.map((one, at) => {
      const made = button(one.name, '', () => choose(at), 'class');
      const swatch = document.createElement('span');
      swatch.className = 'swatch';
      swatch.style.background = one.colour;
      swatch.textContent = at < 9 ? at + 1 : '';
      swatch.setAttribute('aria-hidden', 'true');
      made.prepend(swatch);
      return made;
    }));
    if (kept) stage.focus({ preventScroll: true });
    if (buttons.dataset.words === JSON.stringify(words)) return;
    buttons.dataset.words = JSON.stringify(words);
    buttons.replaceChildren(
      button(words.previous, '←', previous, 'previous'),
      button(words.next, '→', next, 'next'),
      button(words.undo, 'U', undo, 'undo'),
      ...(data.boxed ? [
        button(words.empty, '0', nothing, 'nothing'),
        button(words.add, 'B', add, 'add'),
        button(words.remove, 'Del', remove, 'remove'),
        button(words.accept, 'A', acceptAll, 'accept'),
        button(words.dismiss, 'X', dismissAll, 'dismiss'),
      ] : []),
    );
  }

  function open() {
    const { picture } = data;
    said = copy(data.said);
    past = [];
    selected = drag = waiting = null;
    leaving = false;
    image.src = picture.url;
    image.alt = picture.name;
    frame.classList.toggle('few', Math.max(picture.width, picture.height) < 160);
    frame.style.aspectRatio = `${picture.width} / ${picture.height}`;
    frame.style.width = `min(100%, calc(54vh * ${picture.width / picture.height}))`;
    svg.setAttribute('viewBox', `0 0 ${picture.width} ${picture.height}`);
    root.dataset.picture = picture.number;
    say(data.classes.length ? '' : data.words.classes);
  }

  const resized = new ResizeObserver(() => { if (said) draw(); });

  return {
    update(now, api) {
      data = now;
      tell = api;
      number = Math.max(number, data.received);
      if (data.session !== session) { session = data.session; sent = data.received; }  // another session of the server
      root.setAttribute('aria-label', data.label);
      stage.setAttribute('aria-label', `${data.picture.name}. ${data.words.keys}`);
      root.classList.toggle('boxed', data.boxed);
      chosen = Math.max(Math.min(chosen, data.classes.length - 1), 0);
      const key = `${data.labelling}-${data.picture.number}-${data.turn}`;
      if (key !== shown) {
        shown = key;
        open();
      } else if (revision !== data.revision) {
        said.proposals = copy(data.said.proposals);
        selected = selected?.proposed ? null : selected;
      }
      revision = data.revision;
      if (data.failed && sent <= data.received) leaving = false;
      furnish();
      draw();
      send();
      resized.observe(frame);
    },
    close() {
      clearTimeout(timer);
      send();
      tell = null;
      resized.disconnect();
    },
  };
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.labeller');
  root.labeller ??= build(root);
  root.labeller.update(data, { setTriggerValue });
  return () => root.labeller.close();
}
"""
