// Times in the reader's own zone, and buttons that copy an address. Pages say all of it without.
(() => {
  "use strict";
  const options = (more) => new Intl.DateTimeFormat("en-GB", more);
  const full = options({ dateStyle: "long", timeStyle: "short" });
  const day = options({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
  const units = [["d", 86400], ["h", 3600], ["min", 60]];

  const told = (moment) => {
    const seconds = (Date.now() - moment) / 1000;
    const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? [];
    if (!unit) return seconds < 0 ? "now" : "just now";
    const span = `${Math.floor(Math.abs(seconds) / size)}\u00a0${unit}`;
    return seconds < 0 ? `in ${span}` : `${span} ago`;
  };

  const refresh = () => {
    for (const time of document.querySelectorAll("time.ago")) {
      time.textContent = told(new Date(time.dateTime));
    }
  };

  for (const time of document.querySelectorAll("time.at, time.ago")) {
    const moment = full.format(new Date(time.dateTime));
    time.title = moment;
    if (time.classList.contains("at")) time.textContent = moment;
  }
  const short = options({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  for (const mark of document.querySelectorAll("svg [data-at]")) {
    mark.textContent = short.format(new Date(mark.dataset.at));
  }
  refresh();
  setInterval(refresh, 60_000);

  // The days of the river are the reader's days, too.
  for (const heading of document.querySelectorAll(".river .day")) heading.remove();
  let before = "";
  for (const story of document.querySelectorAll(".river .story")) {
    const today = day.format(new Date(story.querySelector("time").dateTime));
    if (today !== before) {
      const heading = document.createElement("h2");
      heading.className = "day";
      heading.textContent = before = today;
      story.before(heading);
    }
  }
  for (const zone of document.querySelectorAll(".zone")) {
    zone.textContent = `Times are ${Intl.DateTimeFormat().resolvedOptions().timeZone}.`;
  }

  for (const button of document.querySelectorAll("button[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }
})();
