/** Property tests make up their cases from a seed of their own; see drawSeed. */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['PROPERTY_SEED']) });
