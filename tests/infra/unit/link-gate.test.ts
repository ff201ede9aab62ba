import { Gate } from '../../../infra/link/gate';
import { isProof, makeNonce, prove } from '../../../infra/link/proof';
import { ThrottledLog } from '../../../infra/timing/throttled-log';

const secret = 'a-secret-that-both-roles-share-0123';
const question = makeNonce();

describe('the gate of the link', () => {
  test('opens to who knows the secret, and proves that it knows it too', () => {
    const gate = new Gate(secret);
    const answer = gate.admit('a', prove(secret, 'web', gate.challenge('a')), question);
    expect(answer).toEqual({ admitted: true, proof: expect.any(String) });
    expect(isProof((answer as { proof: string }).proof, secret, 'jobs', question)).toBe(true);
    expect(gate.isAdmitted('a')).toBe(true);
  });

  test('stays shut to a wrong secret', () => {
    const gate = new Gate(secret);
    const proof = prove(`${secret}!`, 'web', gate.challenge('a'));
    expect(gate.admit('a', proof, question)).toEqual({ admitted: false, reason: 'the secret is wrong' });
    expect(gate.isAdmitted('a')).toBe(false);
  });

  test('takes an answer once', () => {
    const gate = new Gate(secret);
    const proof = prove(secret, 'web', gate.challenge('a'));
    gate.admit('a', proof, question);
    gate.forget('a');
    expect(gate.admit('a', proof, question)).toMatchObject({ admitted: false });
  });

  test("takes no answer to another connection's challenge", () => {
    const gate = new Gate(secret);
    const proof = prove(secret, 'web', gate.challenge('a'));
    gate.challenge('b');
    expect(gate.admit('b', proof, question)).toMatchObject({ admitted: false });
  });

  test('takes no answer that comes too late', () => {
    let now = 0;
    const gate = new Gate(secret, () => now);
    const proof = prove(secret, 'web', gate.challenge('a'));
    now = 30_001;
    expect(gate.admit('a', proof, question)).toEqual({ admitted: false, reason: 'the challenge is too old' });
  });

  test('takes the answer of the other side for no answer', () => {
    const gate = new Gate(secret);
    expect(gate.admit('a', prove(secret, 'jobs', gate.challenge('a')), question)).toMatchObject({ admitted: false });
  });

  test('forgets a connection that closed', () => {
    const gate = new Gate(secret);
    gate.admit('a', prove(secret, 'web', gate.challenge('a')), question);
    gate.forget('a');
    expect(gate.isAdmitted('a')).toBe(false);
    expect(gate.size).toBe(0);
  });

  test.each([undefined, null, 3, '', {}, [], 'x'.repeat(64)])('takes %j for no proof', given => {
    const gate = new Gate(secret);
    gate.challenge('a');
    expect(gate.admit('a', given, question)).toMatchObject({ admitted: false });
  });
});

describe('what is said seldom', () => {
  test('is said at once, then held back, then said with the number of what was held back', () => {
    let now = 0;
    const said: object[] = [];
    const throttled = new ThrottledLog(
      1_000,
      fields => said.push(fields),
      () => now,
    );
    for (const at of [0, 10, 20, 1_001]) {
      now = at;
      throttled.log({ at });
    }
    expect(said).toEqual([{ at: 0 }, { at: 1_001, suppressed: 2 }]);
  });
});
