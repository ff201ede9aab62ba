import { Handshake } from '../../../infra/link/handshake';
import { isProof, makeNonce, prove } from '../../../infra/link/proof';
import { ThrottledLog } from '../../../infra/timing/throttled-log';

const secret = 'a-secret-that-both-roles-share-0123';
const question = makeNonce();

describe('the handshake of the link', () => {
  test('opens to who knows the secret, and proves that it knows it too', () => {
    const handshake = new Handshake(secret);
    const answer = handshake.verify('a', prove(secret, 'web', handshake.challenge('a')), question);
    expect(answer).toEqual({ verified: true, proof: expect.any(String) });
    expect(isProof((answer as { proof: string }).proof, secret, 'jobs', question)).toBe(true);
    expect(handshake.isVerified('a')).toBe(true);
  });

  test('stays shut to a wrong secret', () => {
    const handshake = new Handshake(secret);
    const proof = prove(`${secret}!`, 'web', handshake.challenge('a'));
    expect(handshake.verify('a', proof, question)).toEqual({ verified: false, reason: 'the secret is wrong' });
    expect(handshake.isVerified('a')).toBe(false);
  });

  test('takes an answer once', () => {
    const handshake = new Handshake(secret);
    const proof = prove(secret, 'web', handshake.challenge('a'));
    handshake.verify('a', proof, question);
    handshake.forget('a');
    expect(handshake.verify('a', proof, question)).toMatchObject({ verified: false });
  });

  test("takes no answer to another connection's challenge", () => {
    const handshake = new Handshake(secret);
    const proof = prove(secret, 'web', handshake.challenge('a'));
    handshake.challenge('b');
    expect(handshake.verify('b', proof, question)).toMatchObject({ verified: false });
  });

  test('takes no answer that comes too late', () => {
    let now = 0;
    const handshake = new Handshake(secret, () => now);
    const proof = prove(secret, 'web', handshake.challenge('a'));
    now = 30_001;
    expect(handshake.verify('a', proof, question)).toEqual({ verified: false, reason: 'the challenge is too old' });
  });

  test('takes the answer of the other side for no answer', () => {
    const handshake = new Handshake(secret);
    expect(handshake.verify('a', prove(secret, 'jobs', handshake.challenge('a')), question)).toMatchObject({
      verified: false,
    });
  });

  test('forgets a connection that closed', () => {
    const handshake = new Handshake(secret);
    handshake.verify('a', prove(secret, 'web', handshake.challenge('a')), question);
    handshake.forget('a');
    expect(handshake.isVerified('a')).toBe(false);
    expect(handshake.size).toBe(0);
  });

  test.each([undefined, null, 3, '', {}, [], 'x'.repeat(64)])('takes %j for no proof', given => {
    const handshake = new Handshake(secret);
    handshake.challenge('a');
    expect(handshake.verify('a', given, question)).toMatchObject({ verified: false });
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
