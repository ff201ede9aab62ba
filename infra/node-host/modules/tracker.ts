export { Tracker } from '../tracker/tracker';
