// ECharts in the colours of the design tokens. The data stands in the element's data-echart; a table stands below it for everyone.
(() => {
  "use strict";
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function option(data) {
    const text = { color: token("--ink-2"), fontFamily: token("--font"), fontSize: 12 };
    return {
      animation: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
      color: [1, 2, 3, 4, 5, 6].map((n) => token(`--series-${n}`)),
      textStyle: { fontFamily: token("--font") },
      grid: { left: 4, right: 12, top: data.series.length > 1 ? 36 : 16, bottom: 4, containLabel: true },
      legend: data.series.length > 1 ? { top: 0, left: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, textStyle: text } : undefined,
      tooltip: { trigger: "axis", renderMode: "richText", borderColor: token("--line"), textStyle: { ...text, color: token("--ink") } },
      xAxis: { type: "category", data: data.labels, axisLine: { lineStyle: { color: token("--line-strong") } }, axisTick: { show: false }, axisLabel: text },
      yAxis: { type: "value", splitLine: { lineStyle: { color: token("--line") } }, axisLabel: text },
      series: data.series.map((one) => ({
        name: one.label,
        data: one.values,
        type: data.kind === "line" ? "line" : "bar",
        stack: data.kind === "stack" ? "all" : undefined,
        symbolSize: 6,
        barMaxWidth: 36,
        itemStyle: data.kind === "line" ? undefined : { borderRadius: 2 },
      })),
    };
  }

  document.addEventListener("DOMContentLoaded", () => {
    if (!window.echarts) return;
    document.querySelectorAll("[data-echart]").forEach((box) => {
      box.hidden = false;
      const chart = window.echarts.init(box, null, { renderer: "svg" });
      chart.setOption(option(JSON.parse(box.dataset.echart)));
      new ResizeObserver(() => chart.resize()).observe(box);
    });
  });
})();
