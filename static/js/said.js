// What everybody said of a battle, told after one's own vote and live from then on.

import { Feed } from "./feed.js";

const WORDS = [["a", "A"], ["b", "B"], ["tie", "as good"], ["both_bad", "both bad"], ["cant_tell", "can’t tell"]];

/** "5 people have judged this battle: 3 A, 1 B, 1 as good." Nothing for a battle that one has not voted on. */
export function saidInWords(votes) {
  if (!votes) return "";
  const parts = WORDS.filter(([choice]) => votes[choice]).map(([choice, word]) => `${votes[choice]} ${word}`);
  const count = Object.values(votes).reduce((sum, each) => sum + each, 0);
  if (count < 2) return "You are the first who judged this battle.";
  return `${count} people have judged this battle: ${parts.join(", ")}.`;
}

/** Keep the element's words up to date; it names its battle in data-said. */
export function showSaid(element) {
  const feed = new Feed({ path: "/ws/battles/", kind: "battle" });
  feed.watch(element.dataset.said, (battle) => {
    element.textContent = saidInWords(battle.votes);
    element.hidden = !element.textContent;
  });
}
