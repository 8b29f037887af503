/** The disk, the quota or the file size limit is exhausted (507). Nothing of the failed write is left. */
export class VaultFull extends Error {
  override readonly name = 'VaultFull';
  constructor(options?: ErrorOptions) {
    super('the vault is full: free space or enlarge the quota, then send the content again', options);
  }
}

/** Stored or received bytes are not the ones that were anchored. Nothing unverified was handed on. */
export class Tampered extends Error {
  override readonly name = 'Tampered';
  /** @param part what did not match, e.g. `leaves` or `segment 3`: words of ours only, no data */
  constructor(
    readonly part: string,
    options?: ErrorOptions,
  ) {
    super(
      `${part} does not match what was anchored: restore the vault from a backup, look for the cause`,
      options,
    );
  }
}

/** The vault holds no object, version or patient key of this name. */
export class NotInVault extends Error {
  override readonly name = 'NotInVault';
  constructor(what: string, options?: ErrorOptions) {
    super(`the vault holds no ${what}`, options);
  }
}

/** A conditional write found the name taken. */
export class AlreadyInVault extends Error {
  override readonly name = 'AlreadyInVault';
  constructor(what: string, options?: ErrorOptions) {
    super(`the vault already holds ${what}`, options);
  }
}

/** An id that is not of its pattern, or a path that is not a plain file or folder of the vault's own. */
export class VaultPathRefused extends Error {
  override readonly name = 'VaultPathRefused';
}

/** A vault key is missing, unreadable, readable by others, or lies where it must not. */
export class VaultKeyRefused extends Error {
  override readonly name = 'VaultKeyRefused';
}

const fullCodes = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** The `code` of a system error, if it is one. */
export function systemCode(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** ENOSPC, EDQUOT and EFBIG become `VaultFull`; any other error stays what it is. */
export function asVaultFull(error: unknown): unknown {
  return fullCodes.has(systemCode(error) ?? '') ? new VaultFull({ cause: error }) : error;
}
