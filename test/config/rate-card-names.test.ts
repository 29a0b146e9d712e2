import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { load, problemsOf } from "./sample.ts";

const card = "[{ from: 2026-01-01, source: contract, usd_per_tb_month: 4 }]";
const accept = (text: string) => load(`host: home\n${text}`);
const found = (text: string) => problemsOf(`host: home\n${text}`);

describe("the name of a rate card", () => {
  it("is one that is known, or one of cost.cards", () => {
    assert.doesNotThrow(() => accept("accounts: { a: { card: b2 }, b: { card: aws-s3 } }\n"));
    assert.doesNotThrow(() =>
      accept(`accounts: { a: { card: mine } }\ncost: { cards: { mine: ${card}, b2: ${card} } }\n`),
    );
  });

  it("is refused where there is no such card, with the one that was probably meant", () => {
    assert.deepEqual(found("accounts: { a: { card: aws_s4 } }\n"), [
      '2:24 accounts.a.card: there is no rate card "aws_s4" (did you mean "aws-s3"?)',
    ]);
  });

  it("is refused where no account uses the card: what is written there would count for nothing", () => {
    assert.deepEqual(found(`cost: { cards: { hetzner: ${card} } }\n`), [
      '2:27 cost.cards.hetzner: no account uses the rate card "hetzner" (name it with accounts.NAME.card, or call it b2 or aws-s3)',
    ]);
  });
});
