/**
 * Names of variables with which whoever sets them has a program run other code, or talk to other servers, than its
 * author meant: loaders, shells, interpreters, tools that run others, proxies, certificates and configuration files.
 * `*` stands for any letters; upper and lower case are the same. docs/operations/security.md has the same list.
 */
export const programVariables: readonly string[] = [
  // The loader and the C library.
  ...['LD_*', 'DYLD_*', 'GLIBC_TUNABLES', 'GCONV_PATH', 'LOCPATH', 'NLSPATH', 'MALLOC_*'],
  ...['HOSTALIASES', 'LOCALDOMAIN', 'RES_OPTIONS', 'RESOLV_*', 'TERMINFO*'],
  // Shells, and where programs and their settings are found.
  ...['PATH', 'ENV', 'BASH_*', 'BASHOPTS', 'SHELLOPTS', 'SHELL', 'IFS', 'PS4', 'PROMPT_COMMAND', 'CDPATH', 'FPATH'],
  ...['ZDOTDIR', 'HOME', 'XDG_*', 'EDITOR', 'VISUAL', '*_EDITOR', 'PAGER', '*PAGER', 'BROWSER', 'LESS*'],
  // Interpreters and runtimes.
  ...['PYTHON*', 'PIP_*', 'UV_*', 'NODE_OPTIONS', 'NODE_PATH', 'NODE_EXTRA_CA_CERTS', 'NODE_TLS_*', 'NODE_REPL_*'],
  ...['NODE_V8_COVERAGE', 'NODE_ICU_DATA', 'NPM_CONFIG_*', 'YARN_*', 'BUN_*', 'DENO_*', 'PERL*', 'RUBY*', 'GEM_*'],
  ...['BUNDLE_*', 'PHPRC', 'PHP_INI_SCAN_DIR', 'LUA_*', 'R_*', 'ERL_*', 'ELIXIR_*', 'JULIA_*', 'TCLLIBPATH', 'GUILE_*'],
  ...['JAVA_*', '_JAVA_OPTIONS', 'JDK_*', 'CLASSPATH', 'MAVEN_*', 'GRADLE_*', 'CATALINA_*', 'JVM_*', '*_JAVA_OPTS'],
  ...['DOTNET_*', 'CORECLR_*', 'COR_*', 'COMPLUS_*', 'GODEBUG', 'GOFLAGS', 'GOPROXY', 'GOENV', 'GOPATH', 'GOROOT'],
  ...['CARGO_*', 'RUSTC*', 'RUSTUP_*', 'RUSTFLAGS', 'MAKEFLAGS', 'MAKEFILES', 'GNUMAKEFLAGS'],
  // Tools that run programs, and their settings.
  ...['GIT_*', 'SSH_*', 'RSYNC_*', 'CVS_RSH', 'SVN_SSH', 'ANSIBLE_*', 'TF_CLI_*', 'HELM_*', 'DOCKER_*', 'CURL_HOME'],
  ...['WGETRC', 'NETRC', 'PSQLRC', 'PGSERVICEFILE', 'PGSYSCONFDIR', 'MYSQL_HOME', 'LIBRARY_PATH', '*_PRELOAD'],
  // Other servers, other certificates, other identities.
  ...['*_PROXY', 'SSL_CERT_*', 'SSLKEYLOGFILE', 'OPENSSL_*', '*_CA_BUNDLE', 'KUBECONFIG', 'KUBERNETES_*'],
  ...['AWS_ENDPOINT_URL*', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONTAINER_*', 'AWS_ROLE_ARN'],
  ...['AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_PROFILE', 'GOOGLE_APPLICATION_CREDENTIALS', 'CLOUDSDK_*', 'AZURE_*'],
];

const pattern = new RegExp(`^(${programVariables.map((name) => name.replaceAll('*', '.*')).join('|')})$`, 'is');

/** Whether a variable of that name may make another program of a run. */
export function isProgramVariable(name: string): boolean {
  return pattern.test(name);
}
