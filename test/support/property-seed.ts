/**
 * Property tests make up the same cases each time, so that a red build is of what was changed. FC_SEED=<number> makes
 * up others.
 */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20_260_320) });
