/**
 * What scanners send to every server that they find: well-known paths of other software, ways out of a directory in
 * many spellings, odd targets, methods and headers. As bytes, for no client library would send them.
 */

export interface Probe {
  /** Tells it apart in a failure. */
  readonly name: string;
  readonly bytes: string;
}

/** Has a server of others that logs it look up a name of the scanner's. */
const LOOKUP = '$'.concat('{jndi:ldap://127.0.0.1/x}');

const words = (text: string) => text.trim().split(/\s+/);

/** Of other software. */
const FOREIGN_PATHS = [
  ...words(`
    .env .env.local .env.production .env.bak .git/config .git/HEAD .git/index .gitignore .svn/entries .hg/store .DS_Store
    .htaccess .htpasswd .aws/credentials .ssh/id_rsa .npmrc .dockerenv .vscode/sftp.json .well-known/security.txt
    .well-known/openid-configuration .well-known/acme-challenge/x robots.txt favicon.ico sitemap.xml crossdomain.xml
    index.php index.html index.jsp default.aspx info.php phpinfo.php test.php shell.php c99.php cmd.php upload.php
    wp-login.php wp-admin/ wp-admin/admin-ajax.php wp-config.php wp-config.php.bak wp-content/uploads/ wp-json/wp/v2/users
    xmlrpc.php wp-includes/wlwmanifest.xml administrator/ joomla/ drupal/ user/login magento/ phpmyadmin/ pma/ myadmin/
    mysql/ adminer.php admin admin/ admin.php admin/login login signin dashboard console manager/html host-manager/html
    jmx-console/ web-console/ invoker/JMXInvokerServlet actuator actuator/env actuator/heapdump actuator/health
    actuator/gateway/routes env heapdump trace metrics/ health healthz status server-status server-info nginx_status
    solr/ solr/admin/info/system elasticsearch/ _cat/indices _search _all/_search _cluster/health kibana/ app/kibana
    jenkins/ script hudson/ gitlab/ api/v4/projects users/sign_in grafana/ api/datasources prometheus/ api/v1/targets
    api/v1/query consul/ v1/agent/self v1/kv/?recurse v2/_catalog v2/keys containers/json images/json version api/
    api/v1/namespaces/default/pods apis/apps/v1 swagger.json swagger-ui.html api-docs v2/api-docs graphql graphiql
    cgi-bin/ cgi-bin/test.cgi cgi-bin/bash cgi-bin/php cgi-bin/luci cgi-bin/.%2e/.%2e/bin/sh HNAP1/ GponForm/diag_Form
    boaform/admin/formLogin setup.cgi goform/set_LimitClient_cfg tmUnblock.cgi shell?cd+/tmp device.rsp?opt=sys
    owa/ owa/auth/logon.aspx ecp/ autodiscover/autodiscover.xml Autodiscover/Autodiscover.xml aspnet_client/ web.config
    remote/login remote/fgt_lang?lang=/../../../..//////////dev/cmdb/sslvpn_websession dana-na/ vpn/index.html
    +CSCOE+/logon.html global-protect/login.esp sslvpn/ sslmgr Telerik.Web.UI.WebResource.axd?type=rau
    vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php vendor/.env node_modules/.package-lock.json package.json
    composer.json composer.lock yarn.lock Dockerfile docker-compose.yml backup.zip backup.sql dump.sql db.sqlite
    database.yml config.json config.php configuration.php settings.py id_rsa server.key private.key .bash_history
    struts2-showcase/ index.action hello.do _ignition/execute-solution telescope/requests horizon/ _profiler/phpinfo
    debug/default/view?panel=config console/login/LoginForm.jsp wls-wsat/CoordinatorPortType uddiexplorer/ bea_wls_internal/
    nacos/v1/auth/users druid/index.html swagger/index.html minio/health/live zookeeper/ commands/stat nifi/ airflow/
    rabbitmq/ api/overview api/whoami activemq/ admin/queues.jsp kafka/ topics subjects connectors artemis/ hawtio/
    v1 v1/ v1/queues/ v1/topics/ v1/topics/a/ v1/topics/a/subscriptions/ v1/queues//messages v1//queues V1/QUEUES
    v1/queues/a/messages/ v1/queues/a/messages/receive/ v1/transactions/ livez/ readyz/ metrics/ openapi.json/ openapi.yaml
    openapi.json.bak problems problems/ problems/nothing problems/internal/ docs/json docs/yaml docs/static docs/static/
    docs/static/index.html docs/static/nonsense docs/index.html docs// docs/. docs/.. docs/static/.env docs/static/csp.json
  `),
];

/** Each is to lead out of a directory, to the end of a string, or to another meaning. */
const ESCAPES = words(`
  ../ ..%2f %2e%2e/ %2e%2e%2f %2E%2E%2F .%2e/ %2e./ ..%252f %252e%252e%252f ..%c0%af %c0%ae%c0%ae/ ..%ef%bc%8f ..%5c
  %2e%2e%5c ..\\ ..%255c ..;/ ..%3b/ ;/../ ....// ..../ ..%00/ %00 %00.html %0a %0d%0a %0d%0aSet-Cookie:x=1 %09 %20 %7f
  %ff %fe%ff %c3%28 %ed%a0%80 %u002e%u002e/ %% %zz % %2 ; ;x=1 ;jsessionid=1 ~ ~root $ ${LOOKUP} {{7*7}}
  '%20OR%20'1'='1 "><script> <script>alert(1)</script> |id \`id\` (){:;} @ : :80 * ** ? ?? # #x & = + ! , [] [0] {} ^
  con nul aux.txt __proto__ constructor toString hasOwnProperty
`);
const PLACES = [
  '/',
  '/docs/',
  '/docs/static/',
  '/v1/queues/',
  '/v1/topics/a/subscriptions/',
  '/problems/',
  '/v1/queues/a/messages/',
];
const ENDS = ['etc/passwd', ''];

/** Targets that are not a path, or are longer than any. */
const TARGETS: readonly (readonly [method: string, target: string])[] = [
  ['GET', 'http://localhost/livez'],
  ['GET', 'http://127.0.0.1/v1/queues'],
  ['GET', 'HTTP://EXAMPLE.COM'],
  ['GET', 'http://example.com/'],
  ['GET', 'https://user:pw@example.com:1/docs/'],
  ['GET', 'ftp://example.com/x'],
  ['GET', 'file:///etc/passwd'],
  ['GET', 'javascript:alert(1)'],
  ['GET', 'example.com:443'],
  ['GET', 'livez'],
  ['GET', '*'],
  ['POST', '*'],
  ['OPTIONS', '*'],
  ['OPTIONS', '/'],
  ['OPTIONS', '/v1/queues/'],
  ['CONNECT', 'example.com:443'],
  ['CONNECT', '127.0.0.1:22'],
  ['CONNECT', '/'],
  ['GET', '//example.com/%2f..'],
  ['GET', '///'],
  ['GET', '/\\example.com'],
  ['GET', `/${'a'.repeat(4_000)}`],
  ['GET', `/${'a'.repeat(9_000)}`],
  ['GET', `/${'a'.repeat(20_000)}`],
  ['GET', `/${'a/'.repeat(4_000)}`],
  ['GET', `/v1/queues/${'a'.repeat(4_097)}`],
  ['GET', `/v1/queues/${'%61'.repeat(3_000)}`],
  ['GET', `/docs/static/${'../'.repeat(2_000)}`],
  ['GET', `/docs/static/${'%2e%2e%2f'.repeat(900)}`],
  ['GET', `/?${'a=1&'.repeat(2_000)}`],
  ['GET', `/v1/queues?${'prefix=a&'.repeat(1_000)}`],
  ['GET', '/v1/queues?limit[]=1&limit[$gt]=0&__proto__[x]=1'],
  ['GET', '/v1/queues?cursor=%00'],
  ['GET', '/v1/queues?%'],
  ['GET', '/livez?%zz'],
  ['GET', '/docs?%zz'],
  ['GET', '/?x=<script>alert(1)</script>'],
];

const METHODS = words(`
  GET HEAD OPTIONS POST PUT PATCH DELETE TRACE PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK SEARCH REPORT PURGE LINK
  UNLINK SUBSCRIBE NOTIFY MERGE M-SEARCH BIND ACL SOURCE DEBUG TRACK INVENTED get Get
`);
const METHOD_PATHS = words(
  '/ /docs /docs/static/index.css /nowhere /v1/queues /v1/queues/a /livez /metrics /openapi.json',
);

const HEADERS = [
  'Range: bytes=0-0',
  'Range: bytes=5-1',
  'Range: bytes=999999999-',
  'Range: bytes=-1',
  `Range: bytes=${Array.from({ length: 300 }, (_, at) => `${at}-${at}`).join()}`,
  'Range: nonsense',
  'Range: bytes=0-1\r\nIf-Range: "x"',
  'If-Range: Tue, 01 Jan 2030 00:00:00 GMT\r\nRange: bytes=0-1',
  'If-Match: "x"',
  'If-Match: *',
  'If-Match: nonsense',
  'If-None-Match: *',
  'If-None-Match: W/"x", "y"',
  'If-None-Match: "',
  'If-Modified-Since: nonsense',
  'If-Modified-Since: Tue, 01 Jan 2030 00:00:00 GMT',
  'If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT',
  'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__',
  'Upgrade: TLS/1.0',
  'X-HTTP-Method-Override: DELETE',
  'X-Original-URL: /admin',
  'X-Rewrite-URL: /admin',
  'X-Forwarded-For: 127.0.0.1, ::1',
  'X-Forwarded-Host: example.com\r\nX-Forwarded-Proto: gopher',
  'Forwarded: for="[::1]";host=example.com;proto=https',
  'Content-Encoding: gzip',
  'Content-Type: nonsense',
  'Content-Type: application/json; charset=utf-7',
  'Content-Type: %{(#_="multipart/form-data")}',
  'Accept: nonsense',
  'Accept: */*;q=0',
  `Accept: ${'a/b,'.repeat(2_000)}`,
  'Accept-Encoding: nonsense;q=9',
  `Accept-Language: ${'x'.repeat(2_000)}`,
  'Authorization: Basic YWRtaW46YWRtaW4=',
  'Authorization: Bearer ',
  'Authorization: Bearer eyJhbGciOiJub25lIn0.e30.',
  `Authorization: Bearer ${'x'.repeat(8_000)}`,
  'Authorization: Digest username="admin"',
  'Cookie: session=../../etc/passwd; rememberMe=1',
  'User-Agent: () { :; }; /bin/bash -c "id"',
  `User-Agent: ${LOOKUP}`,
  'Referer: () { _; } >_[$($())] { id; }',
  `X-Api-Version: ${LOOKUP}`,
  `X-Request-Id: ${LOOKUP}`,
  `X-Request-Id: ${'x'.repeat(2_000)}`,
  'traceparent: 00-00000000000000000000000000000000-0000000000000000-00',
  'baggage: =;=,',
  'Origin: null',
  'Origin: http://example.com\r\nAccess-Control-Request-Method: DELETE',
  'Expect: 100-continue',
  'Expect: miracles',
  'TE: trailers, gzip;q=1',
  'Trailer: Host',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: gzip',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding:\tchunked',
  'Transfer-Encoding: xchunked',
  'Content-Length: -1',
  'Content-Length: 99999999999999999999',
  'Content-Length: 0\r\nContent-Length: 1',
  'Content-Length: 1e3',
  'Host: example.com',
  'Host : x',
  'Max-Forwards: 0',
  'Proxy: http://127.0.0.1:1',
  'Via: 1.1 x',
  'Depth: infinity',
  'Destination: /x',
  'Last-Event-ID: nonsense',
  'Prefer: respond-async',
  'Zoogate-Attribute-: x',
  'Zoogate-Attribute-x: %zz',
  'ce-specversion: 9',
  'SOAPAction: ""',
  'X: \x01',
  'X: \xff\xfe',
  'Folded: 1\r\n 2',
  ': nothing',
  'nothing',
  Array.from({ length: 500 }, (_, at) => `X-${at}: x`).join('\r\n'),
  `X: ${'x'.repeat(17_000)}`,
];
const HEADER_REQUESTS = words(
  'GET/docs/static/index.css GET/docs GET/nowhere GET/v1/queues POST/v1/queues/a/messages',
);

/** More than a thousand, of which no two are alike. */
export function probes(credentialLine: string): readonly Probe[] {
  const request = (method: string, target: string, header = '') => {
    const credentials = header.startsWith('Authorization') ? '' : credentialLine;
    const head = `${method} ${target} HTTP/1.1\r\nHost: scanned\r\nConnection: close\r\n${credentials}`;
    const body = /^Transfer-Encoding:.*chunked$/.test(header) ? '0\r\n\r\n' : '';
    return {
      name: `${method} ${target.slice(0, 80)} ${header.slice(0, 60)}`,
      bytes: `${head}${header === '' ? '' : `${header}\r\n`}\r\n${body}`,
    };
  };
  const line = (bytes: string) => ({ name: JSON.stringify(bytes.slice(0, 80)), bytes });
  return [
    ...FOREIGN_PATHS.map((path) => request('GET', `/${path}`)),
    ...PLACES.flatMap((place) =>
      ESCAPES.flatMap((way) => ENDS.map((end) => request('GET', place + way + end))),
    ),
    ...TARGETS.map(([method, target]) => request(method, target)),
    ...METHODS.flatMap((method) => METHOD_PATHS.map((path) => request(method, path))),
    ...HEADER_REQUESTS.flatMap((each) => {
      const slash = each.indexOf('/');
      return HEADERS.map((header) => request(each.slice(0, slash), each.slice(slash), header));
    }),
    ...[
      'GET\r\n\r\n',
      'GET /\r\n\r\n',
      'GET / HTTP/0.9\r\n\r\n',
      'GET / HTTP/2.0\r\n\r\n',
      'GET / HTTP/1.2\r\n\r\n',
      'GET / HTTP/1.0\r\n\r\n',
      'GET  / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      'GET / x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      'GET /livez HTTP/1.1\nHost: x\nConnection: close\n\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
      'SSH-2.0-scanner\r\n',
      'EHLO scanner\r\n',
      'OPTIONS sip:nm SIP/2.0\r\nVia: SIP/2.0/TCP nm\r\n\r\n',
      'OPTIONS / RTSP/1.0\r\n\r\n',
      '*1\r\n$4\r\nINFO\r\n',
      'stats\r\n',
      'ruok',
      '\x00\x00\x00\x2c\x00\x00\x00\x00',
      '{"jsonrpc":"2.0"}\n',
      'PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\nGET / HTTP/1.1\r\n\r\n',
    ].map(line),
  ];
}
