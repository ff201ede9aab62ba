import { isNonce, isProof, makeNonce, prove } from './proof';

/** How long a challenge may wait for its answer. */
const challengeLifeMs = 30_000;

interface Challenge {
  nonce: string;
  askedAt: number;
}

export type Verdict = { verified: true; proof: string } | { verified: false; reason: string };

/**
 * Decides which connections are the link. A challenge belongs to the connection that asked for it, and is valid once
 * and for a short time, so that overheard or stored answers are useless.
 */
export class Handshake {
  private readonly challenges = new Map<string, Challenge>();
  private readonly verified = new Set<string>();

  constructor(
    private readonly secret: string,
    private readonly now: () => number = Date.now,
  ) {}

  challenge(connectionId: string): string {
    const nonce = makeNonce();
    this.challenges.set(connectionId, { nonce, askedAt: this.now() });
    return nonce;
  }

  /**
   * @param proof the answer to this connection's challenge.
   * @param question the other side's own nonce; the verdict has its answer, so that each side knows that the other has
   *   the secret.
   */
  verify(connectionId: string, proof: unknown, question: unknown): Verdict {
    const challenge = this.challenges.get(connectionId);
    this.challenges.delete(connectionId);
    if (!challenge) return { verified: false, reason: 'no challenge is open on this connection' };
    if (this.now() - challenge.askedAt > challengeLifeMs)
      return { verified: false, reason: 'the challenge is too old' };
    if (!isNonce(question)) return { verified: false, reason: 'the question is not 64 hexadecimal digits' };
    if (!isProof(proof, this.secret, 'web', challenge.nonce)) return { verified: false, reason: 'the secret is wrong' };
    this.verified.add(connectionId);
    return { verified: true, proof: prove(this.secret, 'jobs', question) };
  }

  isVerified(connectionId: string | undefined): boolean {
    return connectionId !== undefined && this.verified.has(connectionId);
  }

  forget(connectionId: string): void {
    this.challenges.delete(connectionId);
    this.verified.delete(connectionId);
  }

  /** How many links are up. */
  get size(): number {
    return this.verified.size;
  }
}
