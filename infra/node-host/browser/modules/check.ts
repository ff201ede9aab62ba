export { check, Match } from '../../shared/check';
