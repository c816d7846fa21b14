/** Light or dark: as the system says, or as the user chose here. */

export type Choice = "auto" | "light" | "dark";

const KEY = "nni-portal-theme";
const NEXT: Record<Choice, Choice> = { auto: "light", light: "dark", dark: "auto" };

class Theme {
  choice = $state<Choice>(stored());
  #system = matchMedia("(prefers-color-scheme: dark)");
  #systemDark = $state(this.#system.matches);
  dark = $derived(this.choice === "auto" ? this.#systemDark : this.choice === "dark");

  constructor() {
    this.#system.addEventListener("change", (event) => (this.#systemDark = event.matches));
    this.#show();
  }

  next(): void {
    this.choice = NEXT[this.choice];
    try {
      localStorage.setItem(KEY, this.choice);
    } catch {
      // storage is forbidden: the choice holds for this page
    }
    this.#show();
  }

  #show(): void {
    document.documentElement.dataset["theme"] = this.choice;
  }
}

function stored(): Choice {
  try {
    const choice = localStorage.getItem(KEY);
    return choice === "light" || choice === "dark" ? choice : "auto";
  } catch {
    return "auto";
  }
}

export const theme = new Theme();
