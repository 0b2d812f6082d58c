// Sets the colours and the language before the first paint, so that a dark screen does not flash white.
(function () {
  var root = document.documentElement;
  var read = function (key) {
    try {
      return window.localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  var wanted = read('cxbox-colours') || 'auto';
  var isDark = wanted === 'dark' || (wanted === 'auto' && window.matchMedia('(prefers-color-scheme: dark)').matches);
  root.setAttribute('data-mantine-color-scheme', isDark ? 'dark' : 'light');
  root.lang = read('cxbox-language') || (navigator.language.indexOf('de') === 0 ? 'de' : 'en');
})();
