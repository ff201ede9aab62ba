import { connection } from '../connection';
import { useTracker } from './use-tracker';

/**
 * Subscribes as long as the component is there. Without a name: to nothing.
 *
 * @returns whether its data is still on its way; only a component that asks is rendered when it has come
 */
export function useSubscribe(name?: string, ...args: unknown[]): () => boolean {
  let wantsToKnow = false;
  const isReady = useTracker(
    () => !name || connection.subscribe(name, ...args).ready(),
    () => !wantsToKnow,
  );
  return () => {
    wantsToKnow = true;
    return !isReady;
  };
}
