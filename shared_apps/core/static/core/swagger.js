"use strict";
{
  const root = document.getElementById("swagger-ui");
  SwaggerUIBundle({
    url: root.dataset.schema,
    domNode: root,
    deepLinking: true,
    displayRequestDuration: true,
    filter: true,
    persistAuthorization: false,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    requestInterceptor: (request) => {
      // A browser session needs the token for everything that changes something.
      if (!["GET", undefined].includes(request.method) && request.credentials === "same-origin") {
        request.headers["X-CSRFToken"] = root.dataset.csrf;
      }
      return request;
    },
  });
}
