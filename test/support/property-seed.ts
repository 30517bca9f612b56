/** Property tests make up their cases from the seed of the run. */
import fc from 'fast-check';
import { seed } from './random.ts';

fc.configureGlobal({ seed });
