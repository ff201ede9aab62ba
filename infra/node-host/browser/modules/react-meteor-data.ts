export { useFind } from '../react/use-find';
export { useSubscribe } from '../react/use-subscribe';
export { useTracker } from '../react/use-tracker';
