"use strict";

const session = document.currentScript.dataset.session;
const problem = document.getElementById("problem");

async function logIn(token) {
  const answer = await fetch(session, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  if (answer.ok) {
    location.replace(location.pathname + location.search);
    return;
  }
  const refused = await answer.json();
  problem.textContent = refused.detail;
}

document.getElementById("login").addEventListener("submit", (event) => {
  event.preventDefault();
  logIn(document.getElementById("token").value.trim());
});

const inLink = new URLSearchParams(location.hash.slice(1)).get("token");
if (inLink) {
  history.replaceState(null, "", location.pathname + location.search);
  logIn(inLink);
}
