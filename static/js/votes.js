// What a vote still needs, in words. No page in here.

export const LEAST_HEARD_S = 5;
export const LEAST_SWITCHES = 1;

/** {ready, missing, said}: `missing` counts down on the screen; `said` changes rarely and is read out. */
export function voteNeeds(tally, least = {}) {
  const heard = least.heard_s ?? LEAST_HEARD_S;
  const switches = least.switches ?? LEAST_SWITCHES;
  const left = (side) => Math.max(0, Math.ceil(heard - tally[side] - 0.05));
  const [leftA, leftB] = [left("a"), left("b")];
  const seconds = (count) => `${count} more ${count === 1 ? "second" : "seconds"}`;
  if (leftA && leftB) {
    const first = tally.b > tally.a ? ["B", leftB] : ["A", leftA];
    return {
      ready: false,
      missing: `Listen to ${first[0]} for ${seconds(first[1])}, then to ${first[0] === "A" ? "B" : "A"}`,
      said: "Listen to both before you vote.",
    };
  }
  if (leftA) return { ready: false, missing: `Listen to A for ${seconds(leftA)}`, said: "B is heard. Now listen to A." };
  if (leftB) return { ready: false, missing: `Listen to B for ${seconds(leftB)}`, said: "A is heard. Now listen to B." };
  if (tally.switches < switches) {
    return { ready: false, missing: "Switch once while it plays", said: "Switch once while it plays." };
  }
  return { ready: true, missing: "Which mix would you keep?", said: "You can vote now." };
}
