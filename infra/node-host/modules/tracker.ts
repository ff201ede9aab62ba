export { Tracker } from '../tracker';
