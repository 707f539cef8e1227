// The published TypeScript SDKs under one roof: which revision each negotiates, and where their interfaces differ.
import {Client as ClientV2, StreamableHTTPClientTransport as HttpV2} from '@modelcontextprotocol/client';
import {StdioClientTransport as StdioV2} from '@modelcontextprotocol/client/stdio';

export const INVALID_PARAMS = -32602;

const v2 = {
  isV2: true,
  Client: ClientV2,
  Http: HttpV2,
  Stdio: StdioV2,
  callTool: (client, params, options) => client.callTool(params, options),
  answer: (client, method, handler) => client.setRequestHandler(method, handler),
  hear: (client, method, handler) => client.setNotificationHandler(method, handler),
};

// SDK v1 names its handlers by schemas, and each version negotiates the newest revision it knows.
async function sdkV1(name) {
  const [{Client}, {StreamableHTTPClientTransport}, {StdioClientTransport}, types] = await Promise.all([
    import(`${name}/client/index.js`),
    import(`${name}/client/streamableHttp.js`),
    import(`${name}/client/stdio.js`),
    import(`${name}/types.js`),
  ]);
  const schemas = {
    'elicitation/create': types.ElicitRequestSchema,
    'sampling/createMessage': types.CreateMessageRequestSchema,
    'roots/list': types.ListRootsRequestSchema,
    'notifications/message': types.LoggingMessageNotificationSchema,
    'notifications/resources/updated': types.ResourceUpdatedNotificationSchema,
    'notifications/tools/list_changed': types.ToolListChangedNotificationSchema,
  };
  return {
    isV2: false,
    Client,
    Http: StreamableHTTPClientTransport,
    Stdio: StdioClientTransport,
    callTool: (client, params, options) => client.callTool(params, undefined, options),
    answer: (client, method, handler) => client.setRequestHandler(schemas[method], handler),
    hear: (client, method, handler) => client.setNotificationHandler(schemas[method], handler),
  };
}

export const CLIENTS = [
  {label: 'client 2.4 pinned', sdk: v2, revision: '2026-07-28',
   settings: {versionNegotiation: {mode: {pin: '2026-07-28'}}}},
  {label: 'client 2.4 auto', sdk: v2, revision: '2026-07-28', settings: {versionNegotiation: {mode: 'auto'}}},
  {label: 'client 2.4 legacy', sdk: v2, revision: '2025-11-25', settings: {}},
  {label: 'sdk 1.32', sdk: await sdkV1('@modelcontextprotocol/sdk'), revision: '2025-11-25', settings: {}},
  {label: 'sdk 1.20', sdk: await sdkV1('sdk-2025-06-18'), revision: '2025-06-18', settings: {}},
  {label: 'sdk 1.12', sdk: await sdkV1('sdk-2025-03-26'), revision: '2025-03-26', settings: {}},
];

// Counts what held and prints what did not.
export class Tally {
  passed = 0;
  failed = 0;

  check(where, fact, isTrue, shown) {
    if (isTrue) {
      this.passed += 1;
      return;
    }
    this.failed += 1;
    console.error(`${where}: NOT ${fact}${shown === undefined ? '' : `: ${JSON.stringify(shown)}`}`);
  }
}

// A connected client of `entry`, over HTTP at `target` or over the pipes of the command in `target`.
export async function connected({sdk, settings}, target, {capabilities = {}, prepare} = {}) {
  const client = new sdk.Client({name: 'martgate-client-tests', version: '1'}, {capabilities, ...settings});
  prepare?.(client);
  const transport = typeof target === 'string'
    ? new sdk.Http(new URL(target))
    : new sdk.Stdio({command: target[0], args: target.slice(1), stderr: 'inherit'});
  await client.connect(transport);
  return {client, transport};
}

// The revision that was agreed on; undefined where a version does not tell.
export function negotiatedBy({sdk}, client, transport) {
  return sdk.isV2 ? client.getNegotiatedProtocolVersion() : transport.protocolVersion;
}
