"""The part of the camera that runs in the browser. Trusted code: whatever people wrote reaches it as JSON in `data`."""

HTML = """
<div class="camera" role="group">
  <video muted playsinline hidden></video>
  <div class="buttons">
    <button type="button" class="switch"></button>
    <button type="button" class="hold" hidden></button>
  </div>
  <p class="failed" role="alert" hidden></p>
  <p class="count" role="status"></p>
  <ul class="kept"></ul>
</div>
"""
CSS = """
.camera { font-family: var(--st-font); color: var(--st-text-color); display: flex; flex-direction: column; gap: 0.5rem; }
video { width: 100%; max-width: 16rem; aspect-ratio: 1; object-fit: cover; border-radius: var(--st-base-radius);
  background: var(--st-secondary-background-color); }
[hidden] { display: none !important; }
.buttons { display: flex; flex-wrap: wrap; gap: 0.5rem; }
button { font: inherit; font-size: 0.875rem; color: var(--st-text-color); background: var(--st-background-color); cursor: pointer;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius); padding: 0.4rem 0.75rem;
  min-height: 2.5rem; touch-action: none; user-select: none; }
button:hover, button:focus-visible { border-color: var(--st-primary-color); }
button:disabled { cursor: not-allowed; border-style: dashed; }
.hold { border-color: var(--st-primary-color); font-weight: 600; }
.hold.held { background: var(--st-primary-color); color: #fff; }
p { margin: 0; font-size: 0.875rem; line-height: 1.4; }
.failed { color: var(--st-red-text-color); }
.kept { display: flex; flex-wrap: wrap; gap: 0.25rem; margin: 0; padding: 0; list-style: none; }
.kept li { line-height: 0; }
.kept button { padding: 0; min-height: 0; line-height: 0; overflow: hidden; position: relative; }
.kept img { width: 40px; height: 40px; object-fit: cover; }
.kept button:hover::after, .kept button:focus-visible::after { content: '✕'; position: absolute; inset: 0;
  line-height: 40px; color: #fff; background: rgb(0 0 0 / 60%); }
"""
# Frames are numbered. They wait in `waiting` until the server says that they have arrived (`data.received`), and only one
# message is on its way at a time: a slow server is sent fewer and larger ones, and in live mode the newest frame only.
JS = """
const ONLY_ONE = 'trainyard-camera';

function build(root) {
  const part = (name) => root.querySelector(name);
  const video = part('video'), turn = part('.switch'), hold = part('.hold'), failed = part('.failed');
  const canvas = document.createElement('canvas');
  let data, tell, stream = null, timer = null, opening = false, held = false, number = 0, sent = 0, waiting = [];

  const fail = (error) => {
    failed.hidden = !error;
    failed.textContent = error ? data.words[error] ?? data.words.other : '';
  };
  const room = () => data.live ? 1 : data.room - waiting.length;

  function show() {
    const on = Boolean(stream);
    video.hidden = !on;
    turn.textContent = on ? data.words.off : data.words.on;
    hold.hidden = !on || data.live;
    hold.disabled = room() <= 0;
    hold.textContent = room() > 0 ? data.words.hold : data.words.full;
    hold.classList.toggle('held', held);
  }

  function take() {
    if (document.hidden || video.readyState < 2) return;
    const side = Math.min(video.videoWidth, video.videoHeight), size = Math.min(side, data.side);
    canvas.width = canvas.height = size;
    canvas.getContext('2d').drawImage(
      video, (video.videoWidth - side) / 2, (video.videoHeight - side) / 2, side, side, 0, 0, size, size);
    number += 1;
    waiting.push([number, canvas.toDataURL('image/jpeg', 0.9)]);
  }

  function tick() {
    if (data.live) {
      if (sent > data.received) return;
      waiting = [];
      take();
    } else if (held && room() > 0) {
      take();
      if (room() <= 0) release();
    }
    send();
    show();
  }

  function send() {
    if (!tell || !waiting.length || sent > data.received) return;
    if (held && waiting.length < data.rate) return;
    const frames = waiting.slice(0, data.most);
    sent = frames.at(-1)[0];
    tell.setStateValue('frames', frames);
  }

  function release() { held = false; send(); show(); }

  function stop() {
    stream?.getTracks().forEach((track) => track.stop());
    stream = video.srcObject = null;
    clearInterval(timer);
    if (data) release();
  }

  async function start() {
    if (opening) return;
    opening = true;
    fail('');
    try {
      if (!navigator.mediaDevices) throw { name: 'insecure' };
      window.dispatchEvent(new CustomEvent(ONLY_ONE, { detail: root }));
      const got = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
      if (!root.isConnected) { got.getTracks().forEach((track) => track.stop()); return; }
      stream = video.srcObject = got;
      got.getVideoTracks()[0].onended = stop;
      await video.play();
      timer = setInterval(tick, 1000 / data.rate);
    } catch (error) {
      stop();
      fail(error.name);
    } finally { opening = false; }
    show();
  }

  const press = () => { if (stream && room() > 0) { held = true; show(); } };
  turn.onclick = () => stream ? stop() : start();
  hold.onpointerdown = (event) => { hold.setPointerCapture(event.pointerId); press(); };
  hold.onpointerup = hold.onpointercancel = hold.onblur = release;
  hold.onkeydown = (event) => {
    if (event.key === ' ' || event.key === 'Enter') { event.preventDefault(); press(); }
  };
  hold.onkeyup = release;
  hold.oncontextmenu = (event) => event.preventDefault();
  const yieldTo = (event) => { if (event.detail !== root && stream) stop(); };
  const pause = () => { if (document.hidden) release(); };

  function thumbnails() {
    const list = part('.kept');
    const shown = new Map([...list.children].map((item) => [Number(item.dataset.number), item]));
    list.replaceChildren(...data.kept.map(([n, look]) => {
      if (shown.has(n)) return shown.get(n);
      const item = document.createElement('li'), button = document.createElement('button');
      const image = document.createElement('img');
      item.dataset.number = n;
      button.type = 'button';
      button.title = data.words.delete;
      button.setAttribute('aria-label', `${data.words.delete} ${n}`);
      button.onclick = () => tell.setTriggerValue('deleted', n);
      image.src = look;
      image.alt = '';
      button.append(image);
      item.append(button);
      return item;
    }));
  }

  return {
    update(next, api) {
      data = next;
      tell = api;
      number = Math.max(number, data.received);
      waiting = waiting.filter(([n]) => n > data.received);
      root.setAttribute('aria-label', data.label);
      root.dataset.frame = data.received;
      part('.count').textContent = data.count;
      thumbnails();
      show();
      send();
      window.addEventListener(ONLY_ONE, yieldTo);
      document.addEventListener('visibilitychange', pause);
    },
    close() {
      tell = null;
      stop();
      window.removeEventListener(ONLY_ONE, yieldTo);
      document.removeEventListener('visibilitychange', pause);
    },
  };
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector('.camera');
  root.camera ??= build(root);
  root.camera.update(data, { setStateValue, setTriggerValue });
  return () => root.camera.close();
}
"""
