// A mix in the address: seeds with weights, what results must be, and what must not be among them.
//
//   #/?like=deezer:1~1.5,deezer:2&less=deezer:3&not=deezer:4&as=extend&closer=0.6&tags=jazz&genre=Folk

import { readFilters, writeFilters } from "./filters.js";

const WEIGHTS = { like: 1, less: 0.5 }; // of a seed, unless the address says more
const TEXTS = ["artist", "variety", "listening", "fame", "closer", "as", "text"];
const LISTS = ["tags", "not"];

export function read(values) {
  const parts = (name) => [...new Set((values.get(name) ?? "").split(",").filter(Boolean))];
  const state = { filters: readFilters(values), like: parts("like").map(seed("like")), less: parts("less").map(seed("less")) };
  for (const name of TEXTS) state[name] = values.get(name) ?? "";
  for (const name of LISTS) state[name] = parts(name);
  return state;
}

const seed = (side) => (text) => {
  const [, id, weight] = /^(.+?)(?:~([0-9.]+))?$/.exec(text);
  return { id, weight: Math.min(10, Number(weight) || WEIGHTS[side]) };
};

export function address(state) {
  const values = new URLSearchParams();
  for (const side of ["like", "less"]) {
    const texts = state[side].map(({ id, weight }) => (weight === WEIGHTS[side] ? id : `${id}~${weight}`));
    if (texts.length) values.set(side, texts.join(","));
  }
  for (const name of LISTS) if (state[name].length) values.set(name, state[name].join(","));
  for (const name of TEXTS) if (state[name]) values.set(name, state[name]);
  writeFilters(values, state.filters);
  const text = values.toString();
  return text ? `#/?${text}` : "#/";
}

export const hasSeeds = ({ like, less }) => like.length + less.length > 0;

export const without = (state, id) => ({ ...state, like: state.like.filter((one) => one.id !== id), less: state.less.filter((one) => one.id !== id) });

// Puts a track on a `side` of the mix; what a search had found so far is over then.
export function put(state, side, id) {
  const rest = without(state, id);
  return { ...rest, text: "", not: rest.not.filter((one) => one !== id), [side]: [...rest[side], { id, weight: WEIGHTS[side] }] };
}

export const weighted = (state, id, weight) => {
  const changed = (seeds) => seeds.map((one) => (one.id === id ? { id, weight } : one));
  return { ...state, like: changed(state.like), less: changed(state.less) };
};

export const toggled = (list, one) => (list.includes(one) ? list.filter((other) => other !== one) : [...list, one]);
