/** What to do about an image that a registry does not give: the same whether the registry said so to us or to the cluster. */
export function privateImage(registry: string, repository: string, hasCredential: boolean): string {
  const image = `The registry ${registry} does not give ${repository} to us`;
  return hasCredential
    ? `${image} with the credential that the team has for it: the credential is wrong or may not read it, or the image does not exist. Check the name, or set the credential anew (POST /api/registry-credentials), then redeploy.`
    : `${image}: it is private, or it does not exist. Check the name, or give the team a credential for ${registry} (POST /api/registry-credentials), then redeploy.`;
}

/** The same of an image that this installation keeps in a registry of its operator's: no team can do anything about it. */
export const keptImage = (registry: string, repository: string): string =>
  `The registry ${registry} does not give ${repository}, which was built here, to the cluster: the operator of this installation has to look at the user name and the password that APEX_REGISTRY is read with.`;
