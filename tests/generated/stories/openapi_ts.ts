// The script with the client that @hey-api/openapi-ts generates, compiled strictly by TypeScript.
//
// The log is followed as server-sent events, with the client's own reader of them. The generated
// function of the operation reads pages, because its answer is JSON unless something else is asked.

import { createClient } from './rapport/client';
import {
  appendEvents,
  appendEventsOfManyContacts,
  createLedger,
  readContact,
  readOperation,
  readOperationResult,
  readStatus,
  startLedgerReplay,
} from './rapport/sdk.gen';
import type {
  Event,
  Problem,
  SentContactRegistered,
  SentOfContactVisitMade,
  SentPurchaseMade,
} from './rapport/types.gen';

declare const process: { argv: string[] };

interface Script {
  url: string;
  key: string;
  ledger: string;
  contact: string;
  stranger: string;
  registration_id: string;
  purchase_id: string;
  visit_id: string;
}

const script = JSON.parse(process.argv[2]) as Script;
const client = createClient({ baseUrl: script.url, auth: () => script.key });
const ledger = script.ledger;
const path = { ledger, contact: script.contact };
const strangersPath = { ledger, contact: script.stranger };

const registration: SentContactRegistered = {
  type: 'contact-registered',
  id: script.registration_id,
  data: { kind: 'person', name: 'Ada Jansen' },
};
const purchase: SentPurchaseMade = {
  type: 'purchase-made',
  id: script.purchase_id,
  data: { purchase_id: 'a', amount_minor: 1250, currency: 'EUR', initiated_by: 'contact' },
};
const visit: SentOfContactVisitMade = {
  contact: script.contact,
  type: 'visit-made',
  id: script.visit_id,
  data: { guests: 2 },
};

function given<T>(answer: { data?: T; error?: Problem }): T {
  if (answer.data === undefined) throw new Error(answer.error?.detail ?? 'no answer');
  return answer.data;
}

function told(answer: { error?: Problem }): Omit<Problem, 'instance'> {
  if (answer.error === undefined) throw new Error('it was not refused');
  const { instance, ...rest } = answer.error;
  if (!/^urn:uuid:[0-9a-f-]{36}$/.test(instance)) throw new Error(instance);
  return rest;
}

type Stream = AsyncGenerator<Event, unknown, unknown>;

async function next(events: Stream, count: number): Promise<Event[]> {
  const found: Event[] = [];
  while (found.length < count) {
    const one = await events.next();
    if (one.done) throw new Error('the stream ended');
    found.push(one.value);
  }
  return found;
}

// The lines of a replay: they are no JSON document, so they are asked for as text.
async function replayed(knownAt: number): Promise<unknown[]> {
  const body = { as_known_at: knownAt };
  const started = given(await startLedgerReplay({ client, path: { ledger }, body }));
  const path = { ledger, operation: started.id };
  while (given(await readOperation({ client, path })).state === 'running') {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const lines: string = given(await readOperationResult({ client, path, parseAs: 'text' }));
  return lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

async function main(): Promise<void> {
  const body = { name: ledger, time_zone: 'Europe/Amsterdam' };
  const made = given(await createLedger({ client, body }));

  const first = given(
    await appendEvents({ client, path, body: registration, headers: { 'If-None-Match': '*' } }),
  );
  const second = given(await appendEvents({ client, path, body: purchase }));
  const again = given(await appendEvents({ client, path, body: purchase }));
  if (!first || !second || !again) throw new Error('an append was answered without a body');

  const query = { min_position: second.position };
  const status = given(await readStatus({ client, path, query }));
  const contact = given(await readContact({ client, path, query }));

  const stopping = new AbortController();
  const { stream: events } = await client.sse.get<{ 200: Event }>({
    url: '/v1/ledgers/{ledger}/events',
    path: { ledger },
    query: { after_position: first.position - 1 },
    headers: { Accept: 'text/event-stream' },
    security: [{ scheme: 'bearer', type: 'http' }],
    signal: stopping.signal,
    sseMaxRetryAttempts: 1,
  });
  const followed = await next(events, 2);
  const third = given(await appendEventsOfManyContacts({ client, path: { ledger }, body: [visit] }));
  followed.push(...(await next(events, 1)));
  stopping.abort();
  await events.return(undefined);

  const unknown = await readStatus({ client, path: strangersPath });
  const { id, ...withoutId } = purchase;
  const refused = await appendEvents({ client, path: strangersPath, body: withoutId });

  console.log(
    JSON.stringify({
      ledger: made,
      first,
      second,
      again,
      status,
      contact,
      third,
      followed,
      replayed: await replayed(third?.position ?? 0),
      unknown: told(unknown),
      refused: told(refused),
    }),
  );
}

void main();
