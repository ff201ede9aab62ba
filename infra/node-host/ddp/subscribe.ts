import type { DdpMessage } from '../shared/ddp-message';
import { MeteorError } from '../shared/meteor-error';
import type { PublishHandler, SubscriptionSource } from './subscription';

/** The session that subscribes, as far as a subscription's beginning needs it. */
interface SubscribingSession {
  readonly server: { readonly publish_handlers: Record<string, PublishHandler> };
  readonly data: {
    isSubscribed(id: string): boolean;
    start(source: SubscriptionSource, unblock: () => void): Promise<void>;
  };
  send(message: DdpMessage): void;
  sendError(reason: string, offendingMessage: DdpMessage): void;
  /** @returns the error to answer with where a rule says that this is one too many */
  overLimit(type: 'subscription', name: string): MeteorError | undefined;
}

/** Starts what a client subscribes to, or says why not. Resolves when its first documents have been sent. */
export async function subscribe(session: SubscribingSession, message: DdpMessage, unblock: () => void): Promise<void> {
  const { id, name, params } = message;
  if (typeof id !== 'string' || typeof name !== 'string' || ('params' in message && !Array.isArray(params)))
    return session.sendError('Malformed subscription', message);
  const handler = session.server.publish_handlers[name];
  const refuse = (error: MeteorError) => session.send({ msg: 'nosub', id, error });
  if (!handler) return refuse(new MeteorError(404, `Subscription '${name}' not found`));
  // Clients send their subscriptions again after a reconnect; a known id is no mistake.
  if (session.data.isSubscribed(id)) return;
  const tooMany = session.overLimit('subscription', name);
  if (tooMany) return refuse(tooMany);
  await session.data.start({ handler, id, name, params: params as unknown[] | undefined }, unblock);
}
