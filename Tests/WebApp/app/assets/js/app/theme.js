// A classic script in the head: it blocks, so that the first frame already has its colours.
document.documentElement.dataset.theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
