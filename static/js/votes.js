// What a vote still needs, in words. No page in here.

/**
 * `tally` is what the server counted and what sounded since; `missing` is what the server said last. Only the server
 * opens the vote: {ready, due, missing, said}. `due` asks for a report, since enough seems to have sounded; `missing`
 * counts down on the screen; `said` changes rarely and is read out.
 */
export function voteNeeds(tally, least, missing) {
  if (!missing) return { ready: true, due: false, missing: "Which mix would you keep?", said: "You can vote now." };
  const [words, said] = lacking(tally, least) ?? ["One moment", ""];
  return { ready: false, due: words === "One moment", missing: words, said };
}

function lacking(tally, least) {
  const left = (have, want) => Math.max(0, Math.ceil(want - have - 0.05));
  const seconds = (count) => `${count} more ${count === 1 ? "second" : "seconds"}`;
  const [a, b] = [left(tally.a, least.side_s), left(tally.b, least.side_s)];
  if (a && b) {
    const [first, count, second] = tally.b > tally.a ? ["B", b, "A"] : ["A", a, "B"];
    return [`Listen to ${first} for ${seconds(count)}, then to ${second}`, "Listen to both before you vote."];
  }
  if (a) return [`Listen to A for ${seconds(a)}`, "B is heard. Now listen to A."];
  if (b) return [`Listen to B for ${seconds(b)}`, "A is heard. Now listen to B."];
  if (tally.switches < least.switches) return ["Switch once while it plays", "Switch once while it plays."];
  const both = left(tally.common, least.common_s);
  if (both) {
    const same = "Hear the same place on both sides";
    return [`${same} for ${seconds(both)}`, `${same}: switch while it plays.`];
  }
  return null;
}
