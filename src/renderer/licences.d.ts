/** Made as the page is built (vite.renderer.config.ts). */
declare module 'virtual:licences' {
  const licences: readonly import('../shared/licence.ts').Licence[];
  export default licences;
}
