"""The part of the microphone that runs in the browser. Trusted code: whatever people wrote reaches it as JSON in `data`."""

HTML = """
<div class="microphone" role="group">
  <button type="button"></button>
  <canvas width="480" height="96" aria-hidden="true"></canvas>
  <p class="state" role="status"></p>
  <p class="failed" role="alert" hidden></p>
</div>
"""
CSS = """
.microphone { font-family: var(--st-font); color: var(--st-text-color); display: flex; flex-direction: column; gap: 0.5rem;
  align-items: flex-start; }
[hidden] { display: none !important; }
button { font: inherit; font-weight: 600; color: #fff; background: var(--st-primary-color); cursor: pointer;
  border: 1px solid var(--st-primary-color); border-radius: var(--st-button-radius); padding: 0.4rem 1rem; min-height: 2.75rem; }
button:hover, button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
button.on { color: var(--st-text-color); background: var(--st-background-color); }
canvas { width: 100%; max-width: 30rem; height: 4rem; color: var(--st-primary-color);
  background: var(--st-secondary-background-color); border-radius: var(--st-base-radius); }
p { margin: 0; font-size: 0.875rem; line-height: 1.4; min-height: 1.2em; }
.failed { color: var(--st-red-text-color); }
"""
# A bar is drawn for each moment of the recording, as high as it was loud: they show that something is heard, and how long
# it still takes. The browser's own decoder brings what it recorded to one channel at the rate that networks take.
JS = """
const BARS = 60;

function wav(samples, rate) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, word) => [...word].forEach((sign, i) => view.setUint8(at + i, sign.charCodeAt(0)));
  text(0, 'RIFF'); view.setUint32(4, 36 + 2 * samples.length, true); text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true);
  view.setUint32(24, rate, true); view.setUint32(28, 2 * rate, true); view.setUint16(32, 2, true);
  view.setUint16(34, 16, true); text(36, 'data'); view.setUint32(40, 2 * samples.length, true);
  samples.forEach((value, i) => view.setInt16(44 + 2 * i, Math.max(-1, Math.min(1, value)) * 32767, true));
  return new Blob([view], { type: 'audio/wav' });
}

async function mono(blob, rate) {
  const heard = await new OfflineAudioContext(1, 1, rate).decodeAudioData(await blob.arrayBuffer());
  const mixed = new Float32Array(heard.length);
  for (let channel = 0; channel < heard.numberOfChannels; channel += 1)
    heard.getChannelData(channel).forEach((value, i) => { mixed[i] += value / heard.numberOfChannels; });
  return mixed;
}

const url = (blob) => new Promise((done, fail) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result);
  reader.onerror = () => fail(reader.error);
  reader.readAsDataURL(blob);
});

function build(root) {
  const part = (name) => root.querySelector(name);
  const button = part('button'), canvas = part('canvas'), state = part('.state'), failed = part('.failed');
  let data, tell, recorder = null, opening = false, number = Date.now();

  const fail = (error) => {
    failed.hidden = !error;
    failed.textContent = error ? data.words[error] ?? data.words.other : '';
  };

  function show() {
    button.textContent = recorder ? data.words.stop : data.words.record;
    button.classList.toggle('on', Boolean(recorder));
    state.textContent = recorder ? data.words.recording : '';
  }

  function meter(stream) {
    const context = new AudioContext(), analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const values = new Float32Array(analyser.fftSize), brush = canvas.getContext('2d');
    let bar = 0;
    brush.clearRect(0, 0, canvas.width, canvas.height);
    brush.fillStyle = getComputedStyle(canvas).color;
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(values);
      const high = Math.max(0.03, Math.min(1, 2 * values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)));
      const step = canvas.width / BARS;
      brush.fillRect(bar * step, canvas.height * (1 - high) / 2, step * 0.6, canvas.height * high);
      bar += 1;
    }, 1000 * data.seconds / BARS);
    return () => { clearInterval(timer); context.close(); };
  }

  async function start() {
    if (opening) return;
    opening = true;
    fail('');
    try {
      if (!navigator.mediaDevices) throw { name: 'insecure' };
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const off = () => stream.getTracks().forEach((track) => track.stop());
      if (!root.isConnected) { off(); return; }
      const pieces = [], mine = new MediaRecorder(stream), end = meter(stream);
      mine.ondataavailable = (event) => pieces.push(event.data);
      mine.onstop = () => { end(); off(); recorder = null; show(); send(new Blob(pieces)); };
      mine.start();
      recorder = mine;
      setTimeout(() => stop(mine), 1000 * data.seconds);
    } catch (error) {
      fail(error.name);
    } finally { opening = false; }
    show();
  }

  const stop = (which) => { if (which?.state === 'recording') which.stop(); };

  async function send(blob) {
    if (!tell) return;
    try {
      const clip = await url(wav(await mono(blob, data.rate), data.rate));
      number += 1;
      tell?.setStateValue('clip', [number, clip]);
    } catch { fail('other'); }
  }

  button.onclick = () => recorder ? stop(recorder) : start();

  return {
    update(next, api) {
      data = next;
      tell = api;
      root.setAttribute('aria-label', data.label);
      show();
    },
    close() {
      tell = null;
      stop(recorder);
    },
  };
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector('.microphone');
  root.microphone ??= build(root);
  root.microphone.update(data, { setStateValue });
  return () => root.microphone.close();
}
"""
