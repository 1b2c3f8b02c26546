/**
 * What an answer offers to do next, as links of the OpenAPI document: from what was created to everything below its path,
 * and from a delivery to what becomes of it. Tools follow them.
 */
import type { Links } from '../http/openapi-document.ts';
import type { Operation } from '../http/operation.ts';

/** The links of the operation’s answer with this status. */
export function linksOf(operation: Operation, status: string, all: readonly Operation[]): Links {
  if (operation.method === 'PUT' && status === '201') return linksBelow(operation, all);
  if (operation.id.startsWith('publishTo') && status === '201') return linkToDelivery(operation, all);
  if (operation.id.startsWith('receiveFrom') && status === '200') return linksOfDelivery(operation, all);
  return {};
}

function linksBelow({ path, id }: Operation, all: readonly Operation[]): Links {
  const below = all.filter(
    (other) => other.id !== id && (other.path === path || other.path.startsWith(`${path}/`)),
  );
  return Object.fromEntries(
    below.map((other) => [other.id, { operationId: other.id, parameters: parametersOf(path) }]),
  );
}

/** What is published to a queue is received from it; to a topic, from any of its subscriptions. */
function linkToDelivery({ path }: Operation, all: readonly Operation[]): Links {
  const receive = all.find((other) => other.path === `${path}/receive`);
  if (receive === undefined) return {};
  return { [receive.id]: { operationId: receive.id, parameters: parametersOf(path) } };
}

const FIRST_RECEIPT = '$response.body#/messages/0/receipt';

function linksOfDelivery({ path }: Operation, all: readonly Operation[]): Links {
  const messages = path.slice(0, path.lastIndexOf('/'));
  const links: Links = {};
  for (const other of all) {
    const parameters = parametersOf(path);
    if (other.path === `${messages}/{receipt}`) {
      links[other.id] = { operationId: other.id, parameters: { ...parameters, receipt: FIRST_RECEIPT } };
    } else if (['ack', 'nack', 'extend', 'reject'].some((verb) => other.path === `${messages}/${verb}`)) {
      const lease = other.path.endsWith('/extend') ? { leaseSeconds: 60 } : {};
      const requestBody = { receipts: [FIRST_RECEIPT], ...lease };
      links[other.id] = { operationId: other.id, parameters, requestBody };
    }
  }
  return links;
}

/** Those in the path, as they were in the request. */
function parametersOf(path: string): Record<string, string> {
  const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name);
  return Object.fromEntries(names.map((name) => [name, `$request.path.${name}`]));
}
