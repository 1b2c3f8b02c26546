/** Objects of Kubernetes, checked by the TypeScript compiler against the types of its API. */
import ts from 'typescript';

/** Where each kind is typed. */
const modules: Readonly<Record<string, string>> = {
  ConfigMap: 'core/v1',
  Deployment: 'apps/v1',
  Ingress: 'networking/v1',
  Namespace: 'core/v1',
  NetworkPolicy: 'networking/v1',
  PodDisruptionBudget: 'policy/v1',
  Secret: 'core/v1',
  Service: 'core/v1',
  ServiceAccount: 'core/v1',
};

/** What the types of Kubernetes' API have against these objects. A field that they do not know is an error. */
export function typeErrors(objects: readonly { readonly kind: string }[]): string[] {
  const source = objects
    .map((object, index) => {
      const { kind } = object;
      const type = `import('kubernetes-types/${modules[kind]}').${kind}`;
      return `export const object${index}: ${type} = ${JSON.stringify(object, null, 2)};`;
    })
    .join('\n');
  const file = `${import.meta.dirname}/typed-objects.ts`;
  const options: ts.CompilerOptions = {
    ...{ strict: true, noEmit: true, types: [], lib: ['lib.es2023.d.ts'], skipLibCheck: true },
    ...{ module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === file
      ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2023)
      : getSourceFile.call(host, name, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
