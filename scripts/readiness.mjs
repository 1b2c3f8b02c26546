/** Whether a gateway on this machine is ready. */
import { get as getOverHttp } from 'node:http';
import { get as getOverTls } from 'node:https';

/**
 * Its certificate need not be made out to the address that it is asked at: nothing is told to it.
 *
 * @param {string} url where it listens
 * @returns {Promise<boolean>}
 */
export function isReady(url) {
  return new Promise((resolve) => {
    const get = url.startsWith('https:') ? getOverTls : getOverHttp;
    get(`${url}/readyz`, { rejectUnauthorized: false, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).once('error', () => resolve(false));
  });
}
