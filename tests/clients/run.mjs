// Published MCP clients against a running martgate, over both transports and in every revision.
//
//   node run.mjs [--url http://127.0.0.1:PORT/mcp] [--search WORDS] [--entity NAME --key KEY] [-- COMMAND ARG...]
//
// The URL is served over Streamable HTTP, the command is started over stdio; at least one is needed.
// Prints "N passed, M failed"; exit code 1 when anything failed, 2 when the command line was wrong.
import {parseArgs} from 'node:util';

import {CLIENTS, INVALID_PARAMS, Tally, connected, negotiatedBy} from './sdks.mjs';

const TOOLS = [
  'search_catalog', 'describe_asset', 'query_metrics', 'list_dimension_values', 'lookup_entity', 'check_health',
];
const ENVELOPE_KEY = 'martgate/envelope';

const {values: options, positionals: command} = parseArgs({
  options: {
    url: {type: 'string'},
    search: {type: 'string', default: 'net revenue'},
    entity: {type: 'string', default: 'customer'},
    key: {type: 'string', default: '1'},
  },
  allowPositionals: true,
});
if (!options.url && command.length === 0) {
  console.error('give --url URL, or a command behind --, or both');
  process.exit(2);
}

const tally = new Tally();
const check = (...facts) => tally.check(...facts);

// The clients check structuredContent against the tool's outputSchema themselves, because the tools
// were listed before: a call that does not throw passed their validation.
async function converse(client, where, revision) {
  const isStructured = revision !== '2025-03-26';
  const isModern = revision === '2026-07-28';

  const {tools} = await client.listTools();
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  check(where, 'every tool is listed', TOOLS.every((name) => byName.has(name)), [...byName.keys()]);
  check(where, 'every tool has a description, an object schema and explicit hints', tools.every((tool) =>
    tool.description?.length > 0 && tool.inputSchema.type === 'object' &&
    ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint']
      .every((hint) => typeof tool.annotations?.[hint] === 'boolean')));
  check(where, 'output schemas are there when the revision has them', tools.every((tool) =>
    (tool.outputSchema !== undefined) === isStructured));

  async function good(name, args) {
    const result = await client.callTool({name, arguments: args});
    const data = result.structuredContent;
    const envelope = isStructured ? data?.envelope : result._meta?.[ENVELOPE_KEY];
    check(where, `${name} succeeds`, !result.isError, result.content);
    check(where, `${name} has a text for the model`,
          result.content.some((block) => block.type === 'text' && block.text.length > 0), result.content);
    check(where, `${name} has structured content when the revision has it`, (data !== undefined) === isStructured);
    check(where, `${name} has its envelope`, typeof envelope?.request_id === 'string', envelope);
    return data;
  }
  async function bad(name, args, mention) {
    const result = await client.callTool({name, arguments: args});
    const text = result.content.map((block) => block.text ?? '').join('\n');
    check(where, `${name} reports a tool error`, result.isError === true, result);
    check(where, `${name} names what would work`, text.includes(mention), text);
    check(where, `${name} has no structured content with an error`, result.structuredContent === undefined);
    check(where, `${name} has its envelope in _meta`,
          typeof result._meta?.[ENVELOPE_KEY]?.request_id === 'string', result._meta);
  }

  const found = await good('search_catalog', {query: options.search, kinds: ['metric']});
  const metric = found?.results?.[0]?.name ?? options.search.replaceAll(' ', '_');
  const asset = await good('describe_asset', {name: `metric.${metric}`});
  const dimension = asset?.dimensions?.find((name) => !name.includes('__')) ?? 'channel';
  const answer = await good('query_metrics', {metrics: [metric], group_by: [dimension], limit: 5});
  if (isStructured) {
    check(where, 'search_catalog finds the metric', found.results.length > 0, found);
    check(where, 'describe_asset knows its definition', asset.definition.length > 0, asset);
    check(where, 'query_metrics has a column per dimension and metric',
          answer.columns.length === 2 && answer.row_count === answer.rows.length, answer);
    check(where, 'query_metrics cites what it read', answer.envelope.citations.length > 0, answer.envelope);
  }
  await bad('query_metrics', {metrics: [`${metric}x`]}, metric);
  await bad('query_metrics', {metrics: metric}, 'metrics');
  await good('list_dimension_values', {dimension, metric});
  await good('lookup_entity', {entity: options.entity, key: options.key});
  await good('check_health', {});

  const unknown = await client.callTool({name: 'query_metric', arguments: {}}).then(() => undefined, (error) => error);
  check(where, 'an unknown tool is a protocol error that names the near one',
        unknown?.code === INVALID_PARAMS && unknown.message.includes('query_metrics'), unknown?.message);
  const slow = await Promise.all(Array.from({length: 10}, () =>
    client.callTool({name: 'query_metrics', arguments: {metrics: [metric]}})));
  check(where, 'ten calls at once are answered', slow.every((result) => !result.isError));
  if (!isModern) check(where, 'ping is answered', Object.keys(await client.ping()).length === 0);
}

async function run(entry, kind) {
  const {label, revision} = entry;
  const where = `${label} over ${kind}`;
  const before = tally.failed;
  let client;
  try {
    const made = await connected(entry, kind === 'http' ? options.url : command);
    client = made.client;
    const negotiated = negotiatedBy(entry, client, made.transport);
    if (negotiated !== undefined) check(where, `negotiated ${revision}`, negotiated === revision, negotiated);
    check(where, 'told the server\'s name', client.getServerVersion()?.name === 'martgate', client.getServerVersion());
    check(where, 'told how to begin', client.getInstructions()?.length > 0);
    await converse(client, where, revision);
    if (kind === 'http' && revision !== '2026-07-28') {
      check(where, 'in a session', typeof made.transport.sessionId === 'string');
      await made.transport.terminateSession();
      check(where, 'out of its session', made.transport.sessionId === undefined);
    }
  } catch (error) {
    check(where, 'free of exceptions', false, String(error?.stack ?? error));
  } finally {
    await client?.close();
  }
  console.log(`${tally.failed === before ? 'ok  ' : 'FAIL'} ${where}, ${revision}`);
}

for (const entry of CLIENTS) {
  if (options.url) await run(entry, 'http');
  if (command.length > 0) await run(entry, 'stdio');
}
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed === 0 ? 0 : 1);
