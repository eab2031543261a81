// Stands for a framework such as Vue: it renders the pages of the shop that Inertia loads.
import { router } from "@inertiajs/core";

const initialPage = JSON.parse(document.getElementById("page").textContent);
const main = document.getElementById("main");
const links = { orders: "/orders", order: "/orders/7?tab=1", help: "/help", leave: "/leave" };

function link(id) {
  const element = document.createElement("a");
  element.id = element.textContent = id;
  element.href = links[id];
  element.onclick = (event) => {
    event.preventDefault();
    router.visit(element.href);
  };
  if (document.querySelector("meta[name=prefetch]")) {
    element.onmouseenter = () => router.prefetch(element.href, {}, { cacheFor: 30_000 });
  }
  return element;
}

function show({ component }) {
  const title = document.createElement("h1");
  title.textContent = component;
  const pay = document.createElement("button");
  pay.id = pay.textContent = "pay";
  pay.onclick = () => router.post("/pay");
  main.replaceChildren(title, ...Object.keys(links).map(link), pay);
}

router.init({ initialPage, resolveComponent: (name) => name, swapComponent: async ({ page }) => show(page) });
show(initialPage);
window.inertia = router;
