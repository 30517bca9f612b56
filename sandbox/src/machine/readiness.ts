import { connect } from 'node:net';
import { request, Agent } from 'undici';

/** Programs make their own certificates for their health ports; on loopback there is nobody to be mistaken for. */
const anyCertificate = new Agent({ connect: { rejectUnauthorized: false }, pipelining: 0 });

/** Throws unless a GET of `url` answers 200 within two seconds. */
export async function answers(url: string): Promise<void> {
  const answer = await request(url, { dispatcher: anyCertificate, headersTimeout: 2000, bodyTimeout: 2000 });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`${url} answers ${answer.statusCode} ${text.slice(0, 200)}`);
}

/** Throws unless somebody accepts connections on this port of loopback. */
export function listens(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}
