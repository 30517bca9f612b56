/** Says which imports cross a border between rooms (rooms.ts), and which form a circle. */
import { brokenBorders } from './borders.ts';

const broken = await brokenBorders();
for (const sentence of broken) console.error(sentence);
if (broken.length > 0) process.exitCode = 1;
