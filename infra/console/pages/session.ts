import { DDP } from 'meteor/ddp';
import { Meteor } from 'meteor/meteor';
import { useTracker } from 'meteor/react-meteor-data';
import { useCallback, useEffect, useRef, useState } from 'react';
import { type ActionName, type ActionTarget, consoleActions, methodOf } from '../actions';
import type { ConsoleMethods } from '../contract';

/** After an answer that is neither yes nor no: the database is away, say. */
const againAfterMs = 2_000;

/** Attempts that follow one another: an effect that depends on `attempt` runs anew a moment after `again`. */
export function useAttempts() {
  const [attempt, setAttempt] = useState(1);
  const again = useCallback(() => setTimeout(() => setAttempt(count => count + 1), againAfterMs), []);
  return { attempt, again };
}

/** What a page is told of its subscription. */
interface SubscriptionEvents {
  onReady(): void;
  /** The server can't answer now: it is asked again by itself. */
  onFailed(error: unknown): void;
  /** The session has ended. */
  onRefused(): void;
}

/** Subscribes as long as the component is there, and again where the server can't answer (its database is away, say). */
export function useSubscription(name: string, args: readonly unknown[], on: SubscriptionEvents): void {
  const { attempt, again } = useAttempts();
  const events = useRef(on);
  events.current = on;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt is what subscribes again, and the text stands for the arguments.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const onStop = (error?: unknown) => {
      if (!error) return;
      if (isRefusal(error)) return events.current.onRefused();
      events.current.onFailed(error);
      timer = again();
    };
    const handle = Meteor.subscribe(name, ...args, { onReady: () => events.current.onReady(), onStop });
    return () => {
      clearTimeout(timer);
      handle.stop();
    };
  }, [name, JSON.stringify(args), attempt, again]);
}

type Method = keyof ConsoleMethods;

/** Calls a method of the console, with its types. */
export function call<M extends Method>(
  name: M,
  ...args: Parameters<ConsoleMethods[M]>
): Promise<ReturnType<ConsoleMethods[M]>> {
  return Meteor.callAsync(name, ...args) as Promise<ReturnType<ConsoleMethods[M]>>;
}

/** Carries out an action. One that would do more the second time is not sent again where the connection breaks. */
export function carryOut<Name extends ActionName>(name: Name, target: ActionTarget<Name>): Promise<unknown> {
  const { resend = true } = consoleActions[name];
  return Meteor.applyAsync(methodOf(name), [target], { noRetry: !resend, returnServerResultPromise: true });
}

/** What to tell the person. */
export function reasonOf(error: unknown): string {
  const { error: code, reason, message } = error as { error?: unknown; reason?: string; message?: string };
  if (code === 404) return 'The server has another version than this page. Reload it.';
  if (code === 'invocation-failed') return 'the connection broke before the answer came. Look whether it was done.';
  return reason ?? message ?? 'That did not work.';
}

/** The server takes this page for no operator's, or no longer. */
export const isRefusal = (error: unknown) => (error as { error?: unknown }).error === 'not-authorized';

/** Kept as long as the tab lives; a closed tab is a logout. */
const key = 'tandem.console.session';

export type LoginState = 'out' | 'entering' | 'in';

/**
 * The operator's login on this page: by a token, whose session a new connection shows again by itself, or by the app's
 * accounts, which log in themselves.
 */
export function useSession() {
  const connected = useTracker(() => Meteor.status().connected, []);
  const [session, setSession] = useState(() => sessionStorage.getItem(key));
  const [state, setState] = useState<LoginState>('entering');
  const [problem, setProblem] = useState<string>();
  const { attempt, again } = useAttempts();

  const forget = useCallback((why?: string) => {
    sessionStorage.removeItem(key);
    setSession(null);
    setState('out');
    setProblem(why);
  }, []);

  useEffect(() => {
    const { stop } = DDP.onReconnect(connection => {
      const kept = sessionStorage.getItem(key);
      // Before what was asked for while there was no connection; what comes of it the attempt below hears.
      if (kept) connection.apply('console.enter', [kept], { wait: true }, () => {});
    });
    return stop;
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt is what asks again.
  useEffect(() => {
    if (!connected) return setState(current => (current === 'in' ? 'entering' : current));
    if (state !== 'entering') return;
    let timer: ReturnType<typeof setTimeout>;
    const failed = (error: unknown) => {
      if (isRefusal(error)) forget('The session has ended. Log in again.');
      else timer = again();
    };
    const asked = session ? call('console.enter', session) : call('console.me');
    asked.then(operator => setState(operator ? 'in' : 'out'), failed);
    return () => clearTimeout(timer);
  }, [connected, session, state, attempt, again, forget]);

  const login = useCallback(async (token: string) => {
    setProblem(undefined);
    try {
      const opened = await call('console.login', token);
      sessionStorage.setItem(key, opened.session);
      setState('in');
      setSession(opened.session);
    } catch (error) {
      setProblem(reasonOf(error));
    }
  }, []);

  const leave = useCallback(() => {
    call('console.leave').catch(() => {});
    forget();
  }, [forget]);

  /** Shows the session once more; where it has ended, that asks for the token. */
  const enterAgain = useCallback(() => setState('entering'), []);

  return { state, problem, login, leave: session ? leave : undefined, enterAgain, connected };
}
