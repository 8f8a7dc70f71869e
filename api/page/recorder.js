// The microphone: what it hears becomes a file, and how loud it is can be seen meanwhile.

export const SHORTEST = 5; // seconds
export const LONGEST = 30;
const STEPS_PER_SECOND = 4;

const FLOOR_DB = -54; // what is drawn as silence
const FADED = 60; // milliseconds from the meter to the eye
const KINDS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
// What is done to voices in calls makes noise of music.
const AS_IT_IS = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

// Browsers show the microphone to pages of https and of the machine itself, and to no others.
export const canRecord = () => Boolean(navigator.mediaDevices?.getUserMedia && globalThis.MediaRecorder);

// Records until it is told to stop, or for LONGEST seconds. `done`: the file; null where it was cancelled.
export async function record({ onLevel, onSecond }) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: AS_IT_IS });
  const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
  const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: 128000 });
  const meter = await meterOf(stream);
  const parts = [];
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  let kept = true;
  let told = -1;
  const ticking = setInterval(() => {
    onLevel(meter.level(), seconds());
    if (Math.floor(seconds()) > told) onSecond(told = Math.floor(seconds()));
    if (seconds() >= LONGEST) stop();
  }, 1000 / STEPS_PER_SECOND);
  const done = new Promise((settle) => {
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.onstop = () => {
      clearInterval(ticking);
      meter.close();
      for (const track of stream.getTracks()) track.stop();
      const type = (recorder.mimeType || mimeType || "audio/webm").split(";")[0];
      settle(kept ? new File(parts, "recording", { type }) : null);
    };
  });
  const stop = () => { if (recorder.state !== "inactive") recorder.stop(); };
  recorder.start();
  return { done, seconds, stop, cancel: () => { kept = false; stop(); } };
}

async function meterOf(stream) {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 2048 });
  context.createMediaStreamSource(stream).connect(analyser);
  await Promise.race([context.resume(), new Promise((go) => setTimeout(go, FADED))]);
  const samples = new Float32Array(analyser.fftSize);
  return {
    level: () => {
      analyser.getFloatTimeDomainData(samples);
      return levelOf(samples);
    },
    close: () => context.close(),
  };
}

// 0 for silence to 1 for full scale, as ears count: by decibels.
export function levelOf(samples) {
  let power = 0;
  for (const sample of samples) power += sample * sample;
  const db = 10 * Math.log10(power / Math.max(1, samples.length) + 1e-12);
  return Math.min(1, Math.max(0, 1 - db / FLOOR_DB));
}

const REFUSED = {
  NotAllowedError: ["The microphone is not allowed.", "Allow it for this page, beside its address, and record again; or choose a file."],
  NotFoundError: ["There is no microphone here.", "Connect one, or choose a file."],
  NotReadableError: ["The microphone is in use.", "Close what uses it, and record again; or choose a file."],
};

// What a refused microphone means to the person.
export function refusal(error) {
  const [message, hint] = REFUSED[error.name] ?? ["The microphone could not be used.", "Try again, or choose a file."];
  return { message, hint };
}
