export { Random } from '../../shared/random';
